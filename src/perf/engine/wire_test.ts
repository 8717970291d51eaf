import assert from "node:assert/strict";
import { EchoCodec, forEachLine, readLine } from "./wire.ts";

const codec = new EchoCodec("abc");

Deno.test("EchoCodec command() is an rpc with the payload as data", () => {
  assert.deepEqual(JSON.parse(codec.command(7)), { id: 7, rpc: { method: "echo", data: "abc" } });
});

Deno.test("EchoCodec idOfEcho() knows only the untouched echo", () => {
  const lines = [
    '{"id":42,"rpc":{"data":"abc"}}',
    '{"id":42,"rpc":{"data":"abX"}}',
    '{"id":4x,"rpc":{"data":"abc"}}',
    "{}",
  ];
  assert.deepEqual(lines.map((line) => codec.idOfEcho(line)), [42, 0, 0, 0]);
});

Deno.test("EchoCodec isEcho() takes another spelling of the same data and refuses other data", () => {
  assert.equal(codec.isEcho({ rpc: { data: "\u0061bc" } }), true);
  assert.equal(codec.isEcho({ rpc: { data: "abd" } }), false);
});

Deno.test("readLine() tells replies, errors, publications, pings and garbage apart", () => {
  assert.deepEqual(readLine("{}"), { kind: "ping" });
  assert.deepEqual(readLine('{"id":1,"error":{"code":104,"message":"no"}}'), {
    kind: "error",
    id: 1,
    code: 104,
    message: "no",
  });
  assert.deepEqual(readLine('{"push":{"channel":"c","pub":{"data":{"n":1}}}}'), {
    kind: "publication",
    channel: "c",
    data: { n: 1 },
  });
  assert.deepEqual(readLine('{"push":{"channel":"c","join":{}}}'), { kind: "push" });
  for (const garbage of ["", "nonsense", "null", "[1]", '{"push"']) {
    assert.deepEqual(readLine(garbage), { kind: "garbage" });
  }
});

Deno.test("forEachLine() visits each line of a joined frame and skips empty ones", () => {
  const seen: string[] = [];
  for (const frame of ["one", "a\nb", "c\n", "\nd"]) forEachLine(frame, (line) => seen.push(line));
  assert.deepEqual(seen, ["one", "a", "b", "c", "d"]);
});
