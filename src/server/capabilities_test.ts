import assert from "node:assert/strict";
import { readCaps } from "../protocol/token_claims.ts";
import { Capabilities } from "./capabilities.ts";

Deno.test("Capabilities refuse a pattern that is none, or that could not be matched in linear time", () => {
  for (const pattern of ["(", "(a)\\1"]) {
    const claims = readCaps([{ channels: [pattern], match: "regex", allow: ["sub"] }]) ?? [];
    assert.throws(() => new Capabilities(claims), SyntaxError);
  }
});

Deno.test("readCaps() refuses lists without bounds and unknown ways to match", () => {
  const cap = { channels: ["a"], allow: ["sub"] };
  assert.equal(readCaps(Array(65).fill(cap)), undefined);
  assert.equal(readCaps([{ channels: Array(129).fill("a"), allow: ["sub"] }]), undefined);
  assert.equal(readCaps([{ ...cap, match: "glob" }]), undefined);
  assert.equal(readCaps({}), undefined);
  assert.deepEqual(readCaps([cap]), [{ ...cap, match: "exact" }]);
});

Deno.test("Capabilities take names of builtins for names", () => {
  const caps = new Capabilities(readCaps([{ channels: ["a"], allow: ["sub"] }]) ?? []);
  assert.equal(caps.allows("sub", "__proto__"), false);
  assert.equal(caps.allows("sub", "constructor"), false);
});
