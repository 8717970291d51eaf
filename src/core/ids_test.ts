import assert from "node:assert/strict";
import { clientIdMaker, newNodeId, nodeOfClient, parseNodeId, type RandomSource, randomText } from "./ids.ts";

const counting: RandomSource = (into) => into.map((_, index) => index);

Deno.test("newNodeId() makes 13 characters that parseNodeId() reads back", () => {
  const id = newNodeId();
  assert.match(id, /^[a-z0-5]{13}$/);
  assert.equal(parseNodeId(id), id);
});

Deno.test("newNodeId() makes another id each time", () => {
  assert.equal(new Set(Array.from({ length: 1000 }, () => newNodeId())).size, 1000);
});

Deno.test("randomText() maps five bits to a character", () => {
  assert.equal(randomText(4, counting), "abcd");
});

Deno.test("parseNodeId() refuses what no node made, and quotes at most 40 characters of it", () => {
  assert.throws(() => parseNodeId("x{ctl}"), TypeError);
  assert.throws(() => parseNodeId("y".repeat(500)), (error: Error) => error.message.length < 100);
});

Deno.test("clientIdMaker() makes ids that name their node and never repeat", () => {
  const node = newNodeId();
  const make = clientIdMaker(node);
  const ids = Array.from({ length: 100 }, make);
  assert.equal(new Set(ids).size, 100);
  for (const id of ids) assert.equal(nodeOfClient(id), node);
});

Deno.test("nodeOfClient() is undefined for what is no client id", () => {
  for (const text of ["", "a", "a.b.c", `${newNodeId()}.1`, `${newNodeId()}.1.x.y`, "../../etc.1.x"]) {
    assert.equal(nodeOfClient(text), undefined, text);
  }
});
