/** Hooks of an application, as a client meets them. */
import assert from "node:assert/strict";
import { ClientError, CloseError } from "../../core/errors.ts";
import { settle } from "../../testing/fake_socket.ts";
import { TestNode } from "../../testing/test_node.ts";
import { answerTo, ask, code, join, movable, open, type Reply, token } from "../../testing/token_clients.ts";
import { until } from "../../testing/waiting.ts";

Deno.test("onConnect says who a client without a token is; without its word nobody gets in", async () => {
  const seen: unknown[] = [];
  await using test = new TestNode({
    config: { hooksConnectUrl: "http://127.0.0.1:1/", channel: { allowSubscribeForClient: false } },
    hooks: {
      onConnect({ data, workspace, hasToken, name }) {
        seen.push({ data, workspace, hasToken, name });
        if (data === "ann") {
          return {
            user: "ann",
            info: { a: 1 },
            channels: ["news"],
            caps: [{ channels: ["x"], allow: ["sub"] }],
            data: { hi: 1 },
          };
        }
        if (data === "error") {
          throw new ClientError({ code: 1000, message: "banned", isTemporary: false, status: 403 });
        }
        if (data === "close") throw new CloseError({ code: 4500, reason: "go away" });
        if (data === "fault") throw new TypeError("oops");
        return undefined;
      },
    },
  });
  const ann = test.client("/acme/connection/websocket");
  const { connect } = await ask(ann, 1, { connect: { data: "ann", name: "js" } });
  assert.deepEqual([connect.data, Object.keys(connect.subs)], [{ hi: 1 }, ["news"]]);
  assert.equal(await code(ann, 2, { subscribe: { channel: "x" } }), undefined);
  assert.equal(await code(ann, 3, { subscribe: { channel: "y" } }), 103);
  assert.deepEqual(seen, [{ data: "ann", workspace: "acme", hasToken: false, name: "js" }]);
  const codes = ["nobody", "error", "close", "fault"].map((data) =>
    code(test.client(), 1, { connect: { data } })
  );
  assert.deepEqual(await Promise.all(codes), [101, 1000, 4500, 100]);
  assert.equal(await code(test.client(), 1, { connect: { token: "x.y.z", data: "ann" } }), 3500);
});

Deno.test("onConnect adds to a token, which is verified first; a connect that failed leaves nothing behind", async () => {
  let calls = 0;
  await using test = open({}, {
    hooks: { onConnect: ({ user, hasToken }) => (calls++, { info: { user, hasToken } }) },
  });
  const client = test.client();
  assert.equal(
    await code(client, 1, { connect: { token: await token({ expiresInS: -60, allow: ["msg"] }) } }),
    109,
  );
  assert.equal(calls, 0);
  assert.equal(await code(client, 2, { connect: {} }), 101);
  assert.equal(await code(client, 3, { connect: { token: await token() } }), undefined);
  assert.equal(await code(client, 4, { rpc: { method: "clients.list", data: {} } }), 103);
});

Deno.test("onSubscribe and onPublish leave the rules as they are, or overrule them either way", async () => {
  await using test = open({ channel: { allowSubscribeForClient: true, allowPublishForClient: true } }, {
    hooks: {
      onSubscribe({ channel, isAllowed, data }) {
        if (channel === "$open" && !isAllowed) return { allow: true, data: { got: data } };
        return channel === "shut" ? { allow: false } : undefined;
      },
      onPublish({ channel, data }) {
        if (channel === "shut") return { allow: false };
        return channel === "upper" ? { data: String(data).toUpperCase() } : undefined;
      },
    },
  });
  const client = await join(test);
  assert.deepEqual((await ask(client, 2, { subscribe: { channel: "$open", data: 7 } })).subscribe, {
    data: { got: 7 },
  });
  assert.equal(await code(client, 3, { subscribe: { channel: "$other" } }), 103);
  assert.equal(await code(client, 4, { subscribe: { channel: "shut" } }), 103);
  assert.equal(await code(client, 5, { subscribe: { channel: "upper" } }), undefined);
  assert.equal(await code(client, 6, { publish: { channel: "shut", data: 1 } }), 103);
  await ask(client, 7, { publish: { channel: "upper", data: "abc" } });
  assert.ok(JSON.stringify(client.socket.messages).includes('"data":"ABC"'));
});

Deno.test("subscribe, publish and unsubscribe on one channel finish in order, however slow their hooks are", async () => {
  const delays = [40, 5, 20, 0, 10];
  let calls = 0;
  const slow = async () => {
    await new Promise((go) => setTimeout(go, delays[calls++ % delays.length]));
    return undefined;
  };
  await using test = open({ channel: { allowSubscribeForClient: true, allowPublishForClient: true } }, {
    hooks: { onSubscribe: slow, onPublish: slow },
  });
  const client = await join(test);
  client.take();
  const publishes = Array.from({ length: 6 }, (_, n) => ({ id: 11 + n, publish: { channel: "c", data: n } }));
  await client.send({ id: 10, subscribe: { channel: "c" } }, ...publishes, {
    id: 20,
    unsubscribe: { channel: "c" },
  }, {
    id: 21,
    subscribe: { channel: "c" },
  });
  await answerTo(client, 21);
  const messages = client.socket.messages as Reply[];
  assert.deepEqual(messages.flatMap(({ id }) => id ?? []), [10, 11, 12, 13, 14, 15, 16, 20, 21]);
  // deno-lint-ignore no-explicit-any -- whatever JSON came
  assert.deepEqual((messages as any[]).flatMap(({ push }) => push?.pub ? [push.pub.data] : []), [
    0,
    1,
    2,
    3,
    4,
    5,
  ]);
});

Deno.test("a hook that takes too long is an error for the client, 100, and the next command goes on", async () => {
  await using test = open({ hooksTimeoutMs: 50, channel: { allowPublishForClient: true } }, {
    hooks: { onPublish: ({ data }) => data === "slow" ? new Promise<never>(() => {}) : undefined },
  });
  test.node.start("127.0.0.1:1");
  const client = await join(test);
  await client.send({ id: 2, publish: { channel: "c", data: "slow" } }, {
    id: 3,
    publish: { channel: "c", data: 1 },
  });
  assert.equal((await answerTo(client, 2)).error?.code, 100);
  assert.equal((await answerTo(client, 3)).error, undefined);
});

Deno.test("onRpc answers methods that nobody registered, and onDisconnect is told the end", async () => {
  const ends: unknown[] = [];
  await using test = open({}, {
    hooks: {
      onRpc: ({ method, data, user }) => method === "add" ? { data: [user, data] } : undefined,
      onDisconnect: ({ user, code }) => void ends.push([user, code]),
    },
  });
  const client = await join(test);
  assert.deepEqual((await ask(client, 2, { rpc: { method: "add", data: 1 } })).rpc, { data: ["u1", 1] });
  assert.equal(await code(client, 3, { rpc: { method: "sub", data: 1 } }), 104);
  assert.deepEqual((await ask(client, 4, { rpc: { method: "echo", data: 1 } })).rpc, { data: 1 });
  const refused = test.client();
  assert.equal(await code(refused, 1, { connect: { token: "x" } }), 3500);
  client.listener.onClose(1000, "");
  await settle();
  assert.deepEqual(ends, [["u1", 1000]]);
});

Deno.test("onRefresh keeps a connection that onConnect let in, or ends it with 3005", async () => {
  const clock = movable();
  let asked = 0;
  await using test = new TestNode({
    clock,
    config: { insecure: true },
    hooks: {
      onConnect: () => ({ user: "u1", expiresAtMs: clock.wallMs() + 10_000 }),
      onRefresh: () => ++asked === 1 ? { expiresAtMs: clock.wallMs() + 10_000 } : { expired: true },
    },
  });
  test.node.start("127.0.0.1:1");
  const client = test.client();
  const { connect } = await ask(client, 1, { connect: {} });
  assert.equal(connect.expires, undefined);
  clock.passMs = 11_000;
  await until("the question", () => asked === 1);
  await settle();
  const closed = () => client.socket.closed?.code;
  assert.equal(closed(), undefined);
  clock.passMs = 22_000;
  await until("the close", () => closed() !== undefined);
  assert.deepEqual([closed(), asked], [3005, 2]);
});

Deno.test("a connect that failed late leaves neither name nor rights to the next one", async () => {
  await using test = open({}, {
    hooks: { onConnect: ({ hasToken }) => hasToken ? undefined : { user: "eve" } },
  });
  const client = test.client();
  const rich = await token({ channels: ["unknown:x"], caps: [{ channels: ["x"], allow: ["sub"] }] });
  assert.equal(await code(client, 1, { connect: { token: rich } }), 102);
  assert.equal(await code(client, 2, { connect: {} }), undefined);
  assert.equal(await code(client, 3, { subscribe: { channel: "x" } }), 103);
});
