import assert from "node:assert/strict";
import { ownerText, readOwner, readSlotMap } from "./slot_map.ts";

const ASKED = { hostname: "10.0.0.9", port: 7000 };

Deno.test("readSlotMap() names the master of every slot, and nobody where none serves it", () => {
  const map = readSlotMap([[0, 99, ["10.0.0.1", 7001, "id"], ["10.0.0.2", 7002, "id"]], [200, 200, [
    "",
    7003,
  ]]], ASKED);
  assert.deepEqual(map[0], { hostname: "10.0.0.1", port: 7001 });
  assert.deepEqual(map[99], { hostname: "10.0.0.1", port: 7001 });
  assert.equal(map[100], undefined);
  assert.deepEqual(map[200], { hostname: "10.0.0.9", port: 7003 });
  assert.equal(map.length, 16_384);
});

Deno.test("readSlotMap() throws TypeError on an answer of another shape", () => {
  for (const answer of ["x", [1], [[0, 1]], [[0, "x", ["h", 1]]]]) {
    assert.throws(() => readSlotMap(answer, ASKED), TypeError);
  }
});

Deno.test("readOwner() reads what ownerText() writes, and fills in the host that is left out", () => {
  for (const owner of [{ hostname: "h", port: 1 }, { hostname: "::1", port: 6379 }]) {
    assert.deepEqual(readOwner(ownerText(owner), ASKED), owner);
  }
  assert.deepEqual(readOwner(":7002", ASKED), { hostname: "10.0.0.9", port: 7002 });
  assert.equal(readOwner("nothing", ASKED), undefined);
});
