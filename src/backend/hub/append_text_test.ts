import assert from "node:assert/strict";
import { decodeAppend, encodeAppend } from "./append_text.ts";

Deno.test("decodeAppend() answers what encodeAppend() was given, for awkward keys and messages", () => {
  const limits = { size: 3, ttlMs: 60_000 };
  for (const message of ["", "x", "\n", " a\nb ", '"é日🚀"']) {
    assert.deepEqual(decodeAppend(encodeAppend(message, limits)), { message, options: limits });
    for (const idempotencyKey of ["", "k", " two  words ", 'quote"\\', "line\nbreak", "-", "é🚀"]) {
      for (const change of [{ idempotencyKey }, { idempotencyKey, idempotencyTtlMs: 5 }]) {
        const options = { ...limits, ...change };
        assert.deepEqual(decodeAppend(encodeAppend(message, options)), { message, options });
      }
    }
  }
});
