import assert from "node:assert/strict";
import { KeptListener, KeptServer } from "./listeners.ts";
import type { ListenAt, Transport } from "./transport.ts";

const at: ListenAt = { hostname: "127.0.0.1", port: 1, isShared: false, mayOverlap: false };
const log = { warn() {}, error() {} };

/** Opens listeners once `opened` resolves, and writes down what is closed. */
function scripted(opened: Promise<void> = Promise.resolve()) {
  const steps: string[] = [];
  const transport: Transport = {
    async listen({ hostname, port }) {
      await opened;
      return { hostname, port, close: () => void steps.push(`listener ${port}`) };
    },
    socketCount: 0,
    close: (graceMs) => Promise.resolve(void steps.push(`transport ${graceMs}`)),
  };
  return { transport, steps };
}

Deno.test("KeptServer.close() stops every listener and then closes the transport once", async () => {
  const { transport, steps } = scripted();
  const server = new KeptServer(transport, log);
  await server.open(at);
  await server.open({ ...at, port: 2 });
  await server.close(5_000);
  assert.deepEqual(steps, ["listener 1", "listener 2", "transport 5000"]);
});

Deno.test("KeptListener closes a listener that opens after its close, and nothing else", async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { transport, steps } = scripted(opened);
  const kept = new KeptListener(at, transport, log);
  const opening = kept.open();
  kept.close();
  open();
  await opening;
  assert.deepEqual(steps, ["listener 1"]);
});
