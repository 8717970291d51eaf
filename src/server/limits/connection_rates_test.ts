import assert from "node:assert/strict";
import { ConnectionRates, rateLimitsOf } from "./connection_rates.ts";

function rates(commandsPerS: number, bytesPerS: number): ConnectionRates {
  const limits = rateLimitsOf({ commandsPerS, bytesPerS, maxMessageBytes: 100 });
  assert.ok(limits);
  return new ConnectionRates(limits, 0);
}

Deno.test("rateLimitsOf() is undefined without limits", () => {
  assert.equal(rateLimitsOf({ commandsPerS: 0, bytesPerS: 0, maxMessageBytes: 100 }), undefined);
});

Deno.test("ConnectionRates.takeCommand() grants a second's worth, refuses as many, then is excessive", () => {
  const own = rates(2, 0);
  const verdicts = Array.from({ length: 5 }, () => own.takeCommand(0));
  assert.deepEqual(verdicts, ["granted", "granted", "refused", "refused", "excessive"]);
  assert.equal(own.takeCommand(500), "granted");
});

Deno.test("ConnectionRates.takeCommand() never ends who sends at less than twice the rate", () => {
  const own = rates(10, 0);
  const verdicts = new Set<string>();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 53) verdicts.add(own.takeCommand(nowMs));
  assert.deepEqual([...verdicts].sort(), ["granted", "refused"]);
});

Deno.test("ConnectionRates.takeBytes() has room for the largest message, whatever the rate", () => {
  const own = rates(0, 10);
  assert.equal(own.takeBytes(100, 0), true);
  assert.equal(own.takeBytes(100, 5_000), false);
  assert.equal(own.takeBytes(100, 15_000), true);
  assert.equal(own.takeCommand(0), "granted");
});
