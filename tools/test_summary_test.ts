import assert from "node:assert/strict";
import { addCounts, cutMessage, lastLine, readCounts, summaryLine } from "./test_summary.ts";

Deno.test("readCounts() reads tests and not their steps", () => {
  const line = "FAILED | 1 passed (1 step) | 3 failed (1 step) | 2 ignored (62ms)";
  assert.equal(summaryLine.test(line), true);
  assert.deepEqual(readCounts(line, 1), { passed: 1, failed: 3, ignored: 2 });
});

Deno.test("readCounts() finds a failure in a run that ended badly or without a summary", () => {
  assert.deepEqual(readCounts("", 1), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(readCounts("", 0), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(readCounts("ok | 4 passed | 0 failed (1ms)", 137), { passed: 4, failed: 1, ignored: 0 });
  assert.deepEqual(readCounts("ok | 4 passed | 0 failed (1ms)", 0), { passed: 4, failed: 0, ignored: 0 });
});

Deno.test("lastLine() says how many passed and failed in all", () => {
  const counts = addCounts({ passed: 1, failed: 2, ignored: 0 }, { passed: 3, failed: 4, ignored: 5 });
  assert.equal(lastLine(counts), "4 passed, 6 failed");
});

Deno.test("cutMessage() says which test ran when a group was cut, be it silent or not", () => {
  const file = "running 2 tests from ./tests/a_test.ts";
  const said = "The unit tests were ended because it hung, in ./tests/a_test.ts: open() hangs ...";
  const silent = { file, test: "an earlier one ...", any: "open() hangs ..." };
  assert.equal(cutMessage("unit tests", "it hung", silent), said);
  const loud = { file, test: "open() hangs ...", any: "what it printed" };
  assert.equal(cutMessage("unit tests", "it hung", loud), said);
  const early = { file: "", test: "", any: "" };
  assert.match(cutMessage("unit tests", "it hung", early), /hung, before its first test$/);
});
