import assert from "node:assert/strict";
import { parseDurationS } from "./duration.ts";

Deno.test("parseDurationS() reads seconds, minutes, hours and days", () => {
  assert.deepEqual(["90s", "30m", "1h", "7d"].map(parseDurationS), [90, 1800, 3600, 604_800]);
});

Deno.test("parseDurationS() answers undefined for what is no time, and for none", () => {
  for (const text of ["", "1", "h", "-1h", "1.5h", "1w", "0s", " 1h"]) {
    assert.equal(parseDurationS(text), undefined, text);
  }
});
