import assert from "node:assert/strict";
import { cutReason, sendableClose } from "./close.ts";

Deno.test("cutReason() keeps 123 bytes and whole characters", () => {
  assert.equal(cutReason("slow"), "slow");
  assert.equal(cutReason("x".repeat(200)).length, 123);
  assert.equal(cutReason("é".repeat(100)), "é".repeat(61));
  assert.equal(cutReason("😀".repeat(100)), "😀".repeat(30));
});

Deno.test("sendableClose() replaces codes that a WebSocket refuses to send", () => {
  for (const code of [1000, 3000, 3501, 4999]) assert.equal(sendableClose(code, "").code, code);
  for (const code of [0, 999, 1001, 1006, 2999, 5000, 3000.5, NaN]) {
    assert.equal(sendableClose(code, "").code, 3000);
  }
});
