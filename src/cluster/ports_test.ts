import assert from "node:assert/strict";
import { portMessage, wantedPorts } from "./ports.ts";

Deno.test("wantedPorts() leaves the shared port out when it is 0", () => {
  assert.deepEqual(wantedPorts([8080], 0), [{ port: 8080, purpose: "node 1 of 1" }]);
});

Deno.test("portMessage() names every port with what it is for, and what to do", () => {
  const [, node, shared] = wantedPorts([8080, 8081], 8000);
  assert.ok(node !== undefined && shared !== undefined);
  assert.equal(
    portMessage("127.0.0.1", [{ ...node, why: "taken" }, { ...shared, why: "taken" }]),
    [
      "Cannot listen on 127.0.0.1 port 8081 (node 2 of 2): another program has it.",
      "Cannot listen on 127.0.0.1 port 8000 (shared port): another program has it.",
      "If that is a cluster of yours, run `deno task cluster stop` in the folder it was started in.",
      "Or choose other ports: --port N for the nodes, --shared-port N (0 for none) for the shared one.",
    ].join("\n"),
  );
});

Deno.test("portMessage() names the running cluster and the command that ends it", () => {
  const message = portMessage("127.0.0.1", [{ port: 9000, purpose: "node 1 of 1", why: "taken" }], {
    port: 9000,
    pid: 77,
  });
  assert.match(message, /runs on port 9000 \(pid 77\): end it with `deno task cluster stop --port 9000`/);
});

Deno.test("portMessage() says what is wrong with the address and with low ports", () => {
  assert.equal(
    portMessage("192.0.2.1", [{ port: 8080, purpose: "node 1 of 1", why: "noAddress" }]),
    "Cannot listen on 192.0.2.1 port 8080 (node 1 of 1): this machine has no such address. Give another with --host.",
  );
  assert.match(
    portMessage("127.0.0.1", [{ port: 80, purpose: "shared port", why: "forbidden" }]),
    /below 1024/,
  );
});
