import assert from "node:assert/strict";
import { resolveScenario } from "../scenario/resolve_scenario.ts";
import { type CapacityDemand, checkCapacity, type MachineLimits } from "./capacity.ts";
import { chooseSourceIps } from "./source_ips.ts";
import { localTarget } from "./target.ts";

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
  assert.deepEqual(lacking({ targets: 2, isLocal: false }), ["ports"]);
  assert.deepEqual(lacking({ targets: 2, sourceIps: 4, isLocal: false }), []);
  assert.deepEqual(lacking({}, { timeWait: 20_000 }), ["ports"]);
  assert.deepEqual(lacking({}, { availableBytes: 1_024 ** 3 }), ["memory"]);
  assert.deepEqual(lacking({ inFlight: 30_000 }), ["accept queue"]);
});

Deno.test("checkCapacity() counts ports of named addresses over all targets, since none is shared", () => {
  assert.deepEqual(lacking({ sourceIps: 3 }), ["ports"]);
  assert.deepEqual(lacking({ sourceIps: 4 }), []);
});

Deno.test("chooseSourceIps() leaves the choice to the system until a target needs more ports than there are", () => {
  const load = (connections: number) => ({
    sourceIps: ["auto"],
    scenario: resolveScenario("xl", { connections }),
  });
  const [one, two] = [localTarget(8080), localTarget(8081)];
  assert.deepEqual(chooseSourceIps(load(40_000), [one, two], limits), []);
  assert.deepEqual(chooseSourceIps(load(50_000), [one, two], limits), [
    "127.0.0.2",
    "127.0.0.3",
    "127.0.0.4",
  ]);
});
