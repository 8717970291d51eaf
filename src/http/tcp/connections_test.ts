import assert from "node:assert/strict";
import { Connections, type Endable } from "./connections.ts";

/** Idle: it ends as soon as it is asked to. */
function idleIn(connections: Connections): Endable {
  const connection = { endSoon: () => connections.remove(connection), endUnasked() {}, destroy() {} };
  return connection;
}

/** Within a request: it ends when it is destroyed. */
function busyIn(connections: Connections): Endable {
  const connection = { endSoon() {}, endUnasked() {}, destroy: () => connections.remove(connection) };
  return connection;
}

Deno.test("Connections.close() resolves for each of two calls when the last connection has left", async () => {
  const connections = new Connections();
  connections.add(idleIn(connections));
  connections.add(busyIn(connections));
  await Promise.all([connections.close(1), connections.close(1)]);
  await connections.close(1);
});

Deno.test("Connections ends a connection that was accepted in the moment of the close", async () => {
  const connections = new Connections();
  const busy = busyIn(connections);
  connections.add(busy);
  const closed = connections.close(1_000);
  let isAsked = false;
  const late = { endSoon: () => isAsked = true, endUnasked() {}, destroy() {} };
  connections.add(late);
  assert.equal(isAsked, true);
  connections.remove(late);
  busy.destroy();
  await closed;
});

Deno.test("Connections.close() waits a moment for the request of a connection that has asked nothing, not for graceMs", async () => {
  const connections = new Connections();
  const steps: string[] = [];
  const fresh = {
    endSoon: () => void steps.push("soon"),
    endUnasked() {
      steps.push("unasked");
      connections.remove(fresh);
    },
    destroy: () => void steps.push("destroyed"),
  };
  connections.add(fresh);
  await connections.close(60_000);
  assert.deepEqual(steps, ["soon", "unasked"]);
});
