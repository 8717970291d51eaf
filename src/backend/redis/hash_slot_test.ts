import assert from "node:assert/strict";
import { slotOf } from "./hash_slot.ts";

Deno.test("slotOf() says what CLUSTER KEYSLOT of Redis says", () => {
  const known = { "123456789": 12739, foo: 12182, ctl: 11148, p0: 15882, p63: 12555, "é": 10180 };
  for (const [tag, slot] of Object.entries(known)) assert.equal(slotOf(tag), slot, tag);
});
