import assert from "node:assert/strict";
import { type ControlListener, ControlServer } from "./control_server.ts";

const nobody = {
  nodes: () => [],
  end() {},
  reload: () => Promise.resolve(true),
  scale: () => Promise.resolve(true),
};

/** Accepts nobody: fails as if descriptors had run out, and tells at its `count`th call. */
function shortListener(
  count: number,
): { readonly listener: ControlListener; readonly reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const accept = () => {
    if (++calls === count) resolve();
    return Promise.reject(new Error("Too many open files (os error 24)"));
  };
  const addr = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  return { listener: { addr, accept, close() {} }, reached };
}

Deno.test("ControlServer goes on accepting after a failure, and says it once", async () => {
  const said: string[] = [];
  const { listener, reached } = shortListener(4);
  const server = new ControlServer("s", nobody, {
    say: (text) => said.push(text),
    listener,
    acceptAgainMs: 1,
  });
  await reached;
  assert.deepEqual(said, [
    "Cannot take commands for now: Too many open files (os error 24). It is tried again",
  ]);
  await server.close(0);
});

Deno.test("ControlServer.close() does not wait for the next try to accept", async () => {
  const { listener, reached } = shortListener(1);
  const server = new ControlServer("s", nobody, { say() {}, listener, acceptAgainMs: 60_000 });
  await reached;
  const startMs = performance.now();
  await server.close(0);
  assert.ok(performance.now() - startMs < 10_000);
});
