import assert from "node:assert/strict";
import { addCounts, lastLine, readCounts } from "./test_summary.ts";

Deno.test("readCounts() reads the last summary line, steps and colours aside", () => {
  const output = "ok | 99 passed | 0 failed (1ms)\nnoise\n" +
    "\x1b[31mFAILED\x1b[0m | 1 passed (1 step) | 3 failed (1 step) | 2 ignored \x1b[90m(62ms)\x1b[0m\n\n";
  assert.deepEqual(readCounts(output, 1), { passed: 1, failed: 3, ignored: 2 });
});

Deno.test("readCounts() finds a failure in a run that ended badly without saying so", () => {
  assert.deepEqual(readCounts("Check a_test.ts\nTS2322 [ERROR]\n", 1), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(readCounts("ok | 4 passed | 0 failed (1ms)\n", 137), { passed: 4, failed: 1, ignored: 0 });
});

Deno.test("lastLine() says how many passed and failed in all", () => {
  const counts = addCounts({ passed: 1, failed: 2, ignored: 0 }, { passed: 3, failed: 4, ignored: 5 });
  assert.equal(lastLine(counts), "4 passed, 6 failed");
});
