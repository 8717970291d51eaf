/** The end of a connection to the hub that has not come about. */
import { hubBackend } from "../src/backend/hub/mod.ts";
import { newNodeId } from "../src/core/ids.ts";
import { RecordingListener } from "../src/testing/backend_contract.ts";
import { inTime } from "../src/testing/waiting.ts";

const SECRET = "a secret of the tests";

Deno.test("close() of a hubBackend() does not wait for a hub that takes no connections", async () => {
  await using stack = new AsyncDisposableStack();
  const listener = stack.adopt(Deno.listen({ hostname: "127.0.0.1", port: 0 }), (each) => each.close());
  const { port } = listener.addr;
  // Nobody accepts: once the kernel's queue is full, whoever else connects gets no answer.
  for (let isFull = false; !isFull;) {
    const signal = AbortSignal.timeout(300);
    const conn = await Deno.connect({ hostname: "127.0.0.1", port, signal }).catch(() => undefined);
    if (conn === undefined) isFull = true;
    else stack.adopt(conn, (each) => each.close());
  }
  const backend = hubBackend({ address: `127.0.0.1:${port}`, secret: SECRET })(
    newNodeId(),
    new RecordingListener(),
  );
  await inTime("the close", backend.close(), 2_000);
});
