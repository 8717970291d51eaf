import assert from "node:assert/strict";
import { ClientError } from "../core/errors.ts";
import { ServiceCounts, serviceOutcomeOf } from "./service_counts.ts";

const WORDS = [
  ...["bad_answer", "bad_request", "busy", "cancelled", "deadline", "gone", "internal", "not_found", "ok"],
  ...["provider", "too_large"],
];

Deno.test("serviceOutcomeOf() has a word for each error, and one for all codes of providers", () => {
  const own = new ClientError({ code: 1_234, message: "own", isTemporary: false, status: 500 });
  const cases: [unknown, string][] = [
    [undefined, "ok"],
    [new ClientError("notFound"), "not_found"],
    [new ClientError("tooManyRequests"), "busy"],
    [new ClientError("permissionDenied"), "internal"],
    [new TypeError("no luck"), "internal"],
    [own, "provider"],
  ];
  for (const [error, word] of cases) assert.equal(serviceOutcomeOf(error), word);
});

Deno.test("ServiceCounts has every outcome from the start, and counts the time of each call", () => {
  let nowMs = 1_000;
  const counts = new ServiceCounts({ monotonicMs: () => nowMs, wallMs: () => 0 });
  assert.deepEqual([...counts.calls.keys()].sort(), WORDS);
  assert.deepEqual([...counts.streams.values()], WORDS.map(() => 0));
  nowMs = 1_250;
  counts.endCall("gone", 1_000);
  counts.endStream("ok");
  assert.deepEqual([counts.calls.get("gone"), counts.streams.get("ok")], [1, 1]);
  assert.equal(counts.seconds.read().sum, 0.25);
});
