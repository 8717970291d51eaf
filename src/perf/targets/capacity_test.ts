import assert from "node:assert/strict";
import { type CapacityDemand, checkCapacity, type MachineLimits } from "./capacity.ts";

const limits: MachineLimits = {
  maxFiles: 20_000,
  ports: 28_232,
  timeWait: 0,
  somaxconn: 4_096,
  availableBytes: 20 * 1_024 ** 3,
  cores: 2,
};
const demand: CapacityDemand = {
  connections: 100_000,
  targets: 6,
  workers: 6,
  sourceIps: 0,
  isLocal: true,
  inFlight: 600,
};

function lacking(changes: Partial<CapacityDemand>, other: Partial<MachineLimits> = {}): readonly string[] {
  const findings = checkCapacity({ ...demand, ...changes }, { ...limits, ...other });
  return findings.filter((finding) => !finding.isEnough).map((finding) => finding.resource);
}

Deno.test("checkCapacity() finds room for 100,000 connections in six processes to six servers", () => {
  assert.deepEqual(lacking({}), []);
});

Deno.test("checkCapacity() names each resource that is short", () => {
  assert.deepEqual(lacking({ workers: 2 }), ["files"]);
  assert.deepEqual(lacking({ targets: 2 }), ["server files", "ports"]);
  assert.deepEqual(lacking({ targets: 2, sourceIps: 2, isLocal: false }), []);
  assert.deepEqual(lacking({}, { timeWait: 20_000 }), ["ports"]);
  assert.deepEqual(lacking({}, { availableBytes: 1_024 ** 3 }), ["memory"]);
  assert.deepEqual(lacking({ inFlight: 30_000 }), ["accept queue"]);
});
