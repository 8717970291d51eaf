/** Users who are not wanted any more, as a client meets it. */
import assert from "node:assert/strict";
import { memoryBackend, MemoryHub } from "../../backend/memory/mod.ts";
import { ClientError } from "../../core/errors.ts";
import { begun, code, join, open, token } from "../../testing/token_clients.ts";

Deno.test("a revoked user is closed on every node, and refused at connect and refresh until restored", async () => {
  const hub = new MemoryHub();
  await using one = open({}, { hub });
  await using two = open({}, { hub });
  for (const test of [one, two]) test.node.start("127.0.0.1:1");
  await Promise.all([one.node.ready, two.node.ready]);
  const clients = [
    await join(one),
    await join(two),
    await join(two, { user: "u2" }),
    await join(two, { workspace: "acme" }),
  ];
  const book = one.node.session.revocations;
  assert.deepEqual(await book.revoke("default", "u1", 60_000), { connections: 2, missing: 0 });
  assert.deepEqual(clients.map(({ socket }) => socket.closed?.code), [3503, 3503, undefined, undefined]);
  assert.equal(await code(two.client(), 1, { connect: { token: await token() } }), 3507);
  await book.restore("default", "u1");
  await join(two);
});

Deno.test("a revocation that reached nobody takes effect once the backend is back, and between reading and opening", async () => {
  const hub = new MemoryHub();
  const nowhere = new MemoryHub();
  await using test = open({}, { hub });
  await using late = open({}, {
    hooks: {
      onConnect: async () => void await late.node.session.revocations.revoke("default", "u1", 60_000),
    },
    hub: nowhere,
  });
  late.node.start("127.0.0.1:2");
  await late.node.ready;
  assert.equal(await code(late.client(), 1, { connect: { token: await token() } }), 3507);

  const [client, other] = [await join(test), await join(test, { user: "u2" })];
  // Written by a node that could not tell the others.
  hub.revocations.revoke("default", "u1", 60_000);
  await test.node.session.revocations.checkAll();
  assert.deepEqual([client.socket.closed?.code, other.socket.closed], [3503, undefined]);
});

Deno.test("connect answers 100, and lets nobody in, while the backend cannot say who was revoked", async () => {
  const backend = memoryBackend(new MemoryHub());
  await using test = open({}, {
    backend: (node, listener) => {
      const made = backend(node, listener);
      const revocations = { ...made.revocations, among: () => Promise.reject(new ClientError("internal")) };
      return Object.assign(made, { revocations });
    },
  });
  assert.equal(await code(test.client(), 1, { connect: { token: await token() } }), 100);
});

Deno.test("a revocation between the reading of the list and the end of the connect is not missed", async () => {
  const backend = memoryBackend(new MemoryHub());
  await using test = open({}, {
    backend: (node, listener) => {
      const made = backend(node, listener);
      const { among } = made.revocations;
      const revocations = {
        ...made.revocations,
        async among(workspace: string, users: readonly string[]) {
          const before = await among(workspace, users);
          await test.node.session.revocations.revoke("default", "u1", 60_000);
          return before;
        },
      };
      return Object.assign(made, { revocations });
    },
  });
  await begun(test);
  assert.equal(await code(test.client(), 1, { connect: { token: await token() } }), 3507);
});
