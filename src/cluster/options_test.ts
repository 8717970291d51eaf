import assert from "node:assert/strict";
import { type ClusterOptions, optionFaults } from "./options.ts";

const options: ClusterOptions = {
  instances: 3,
  port: 8080,
  sharedPort: 8000,
  host: "127.0.0.1",
  memoryLimitMb: 0,
  nodeArgs: [],
  isOpenMode: true,
  logFormat: "auto",
};

Deno.test("optionFaults() finds nothing wrong with the defaults, nor with any free port", () => {
  assert.deepEqual(optionFaults(options), []);
  assert.deepEqual(optionFaults({ ...options, port: 0, sharedPort: 0 }), []);
});

Deno.test("optionFaults() lists all faults at once, each with the wanted range", () => {
  assert.deepEqual(optionFaults({ ...options, instances: 0, sharedPort: 70_000, memoryLimitMb: 5 }), [
    "Cannot take --instances 0: want a whole number from 1 to 64",
    "Cannot take --shared-port 70000: want a whole number from 0 to 65535",
    "Cannot take --memory-limit 5: want megabytes from 64 on, or 0 for none",
  ]);
});

Deno.test("optionFaults() refuses a shared port among the nodes', and nodes past the last port", () => {
  assert.deepEqual(optionFaults({ ...options, sharedPort: 8082 }), [
    "Cannot take --shared-port 8082: a node has it (8080 to 8082)",
  ]);
  assert.deepEqual(optionFaults({ ...options, port: 65_534 }), [
    "Cannot place 3 nodes from --port 65534 on: ports end at 65535",
  ]);
});
