import assert from "node:assert/strict";
import type { SearchOutcome, SearchProbe } from "./search.ts";
import { searchFindings } from "./search_findings.ts";
import { searchResult } from "./search_plan.ts";

const context = { subject: "standalone", slo: "rtt.p99<50ms", holdMs: 10_000, confirmations: 2 };
const held: SearchProbe = {
  load: 1_000,
  answer: "held",
  isConfirming: false,
  achievedPerSec: 1_000,
  p50Us: 1_000,
  p99Us: 2_000,
  why: undefined,
};
const broken: SearchProbe = {
  ...held,
  load: 1_050,
  answer: "broken",
  why: "slo: rtt.p99<50ms does not hold: 61.0ms",
};
const unknown: SearchProbe = {
  ...held,
  load: 1_050,
  answer: "unknown",
  why: "generator-bound: 90% of its core",
};

function outcome(probes: readonly SearchProbe[], endedBy: SearchOutcome["result"]["endedBy"]): SearchOutcome {
  return { by: "rate", probes, result: searchResult(probes, endedBy), wasInterrupted: false };
}

Deno.test("searchFindings() gives the limit as an interval once it is confirmed", () => {
  const { conclusion, word } = searchFindings(outcome([held, broken, held], "broken"), context);
  assert.equal(conclusion, "The limit is at least 1000.0/s and below 1050.0/s (held 2 of 2 times).");
  assert.equal(word, "DONE");
});

Deno.test("searchFindings() blames the generator where it was the limit", () => {
  const { conclusion } = searchFindings(outcome([held, unknown, unknown, held], "generator"), context);
  assert.match(
    conclusion,
    /^At least 1000\.0\/s .* the generator is the limit, not the server: generator-bound/,
  );
});

Deno.test("searchFindings() fails when nothing held, and is invalid when nothing could be judged", () => {
  assert.equal(searchFindings(outcome([broken], "min"), context).exitCode, 1);
  assert.equal(searchFindings(outcome([unknown, unknown], "min"), context).exitCode, 4);
  const few = { ...unknown, why: "too-few-samples: x" };
  assert.match(searchFindings(outcome([few], "samples"), context).conclusion, /take a longer --hold/);
  assert.equal(searchFindings({ ...outcome([held], "probes"), wasInterrupted: true }, context).exitCode, 130);
});
