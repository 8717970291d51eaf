import assert from "node:assert/strict";
import { linearTest } from "./linear_pattern.ts";

Deno.test("linearTest() matches whole texts", () => {
  const test = linearTest("chat:[a-z]+");
  assert.equal(test("chat:abc"), true);
  assert.equal(test("my-chat:abc"), false);
  assert.equal(test("chat:abc1"), false);
});

Deno.test("linearTest() takes linear time for a pattern on which backtracking explodes", () => {
  const startMs = performance.now();
  assert.equal(linearTest("(a+)+$")("a".repeat(100_000) + "!"), false);
  assert.equal(linearTest("(.*)*x")("a".repeat(250)), false);
  assert.ok(performance.now() - startMs < 2_000);
});

Deno.test("linearTest() refuses what it cannot read, what is too long and what repeats too much", () => {
  for (
    const pattern of [
      "(",
      "(?=a)",
      "(a)\\1",
      "a".repeat(256),
      "((a{100}){100}){100}",
      "(a{900}){1}b{900}c{900}",
    ]
  ) {
    assert.throws(() => linearTest(pattern), SyntaxError, pattern);
  }
});
