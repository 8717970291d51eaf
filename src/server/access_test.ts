/** Who gets in, and what they may do there: tokens, signs in names, hooks and revocations, as a client meets them. */
import assert from "node:assert/strict";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import type { ConfigOptions } from "../config/mod.ts";
import type { Clock } from "../core/clock.ts";
import { ClientError, CloseError } from "../core/errors.ts";
import { type FakeClient, settle } from "../testing/fake_socket.ts";
import { TestNode, type TestNodeOptions } from "../testing/test_node.ts";
import { mintToken, type TokenClaims } from "./tokens/mod.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

interface Reply {
  readonly id?: number;
  readonly error?: { readonly code: number; readonly message: string };
  readonly push?: Readonly<Record<string, unknown>>;
  // deno-lint-ignore no-explicit-any -- what a test looks into is whatever JSON came
  readonly [field: string]: any;
}

function open(config: ConfigOptions = {}, more: TestNodeOptions = {}): TestNode {
  return new TestNode({ ...more, config: { tokenHmacSecret: SECRET, ...config } });
}

function token(claims: Partial<TokenClaims> & { readonly expiresInS?: number } = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const { expiresInS = 3_600, ...rest } = claims;
  return mintToken({ user: "u1", issuedAtS: nowS, expiresAtS: nowS + expiresInS, ...rest }, SECRET);
}

/** Waits, since signatures are checked off the thread, until `client` was answered or closed. */
async function ask(
  client: FakeClient,
  id: number,
  request: Readonly<Record<string, unknown>>,
): Promise<Reply> {
  await client.send({ id, ...request });
  return await answerTo(client, id);
}

async function answerTo(client: FakeClient, id: number): Promise<Reply> {
  for (let n = 0; n < 400; n++) {
    const found = (client.socket.messages as Reply[]).find((message) => message.id === id);
    if (found !== undefined) return found;
    if (client.socket.closed !== undefined) return { closed: client.socket.closed.code };
    await new Promise((go) => setTimeout(go, 5));
  }
  throw new Error(`No answer to ${id}`);
}

async function join(test: TestNode, claims: Parameters<typeof token>[0] = {}): Promise<FakeClient> {
  const client = test.client();
  const { connect, error, closed } = await ask(client, 1, { connect: { token: await token(claims) } });
  assert.ok(connect?.client, `not connected: ${JSON.stringify({ error, closed })}`);
  return client;
}

/** Presence is only written by a node that beats. */
async function begun(test: TestNode): Promise<void> {
  test.node.start("127.0.0.1:1");
  await test.node.ready;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !isTrue(); n++) await new Promise((go) => setTimeout(go, 5));
  assert.ok(isTrue());
}

const code = async (client: FakeClient, id: number, request: Readonly<Record<string, unknown>>) => {
  const { error, closed } = await ask(client, id, request);
  return error?.code ?? closed;
};

Deno.test("connect refuses a subscription token, subscribe a connection token", async () => {
  await using test = open();
  const client = test.client();
  assert.equal(await code(client, 1, { connect: { token: await token({ channel: "$c" }) } }), 3500);
  const other = await join(test);
  assert.equal(await code(other, 2, { subscribe: { channel: "$c", token: await token() } }), 103);
});

Deno.test("subscribe takes a subscription token for its own channel, user and workspace alone", async () => {
  await using test = open({ channel: { allowSubscribeForClient: true } });
  const client = await join(test);
  const good = await token({ channel: "$c", info: { role: "host" } });
  assert.deepEqual(
    (await ask(client, 2, { subscribe: { channel: "$c", token: good } })).subscribe.expires,
    true,
  );
  const replayed = [
    ["$other", good],
    ["plain", good],
    ["$d", await token({ channel: "$d", user: "u2" })],
    ["$d", await token({ channel: "$d", user: "" })],
    ["$d", await token({ channel: "$d", workspace: "acme" })],
    ["$d", "rubbish"],
  ] as const;
  for (const [n, [channel, shown]] of replayed.entries()) {
    assert.equal(await code(client, 10 + n, { subscribe: { channel, token: shown } }), 103, channel);
  }
  const expired = await token({ channel: "$d", expiresInS: -60 });
  assert.equal(await code(client, 30, { subscribe: { channel: "$d", token: expired } }), 109);
  assert.equal(await code(client, 31, { subscribe: { channel: "$d" } }), 103);
});

Deno.test("subscribe, publish, presence and history go by the capabilities of the token", async () => {
  await using test = open({ namespaces: [{ name: "n", presence: true, historySize: 10 }] });
  await begun(test);
  const caps = [{ channels: ["n:*"], match: "wildcard" as const, allow: ["sub", "pub", "prs", "hst"] }];
  const able = await join(test, { caps });
  const bare = await join(test);
  const requests = [
    { subscribe: { channel: "n:a" } },
    { publish: { channel: "n:a", data: 1 } },
    { presence: { channel: "n:a" } },
    { presence_stats: { channel: "n:a" } },
    { history: { channel: "n:a" } },
  ];
  for (const [n, request] of requests.entries()) {
    assert.equal(await code(able, 2 + n, request), undefined, JSON.stringify(request));
    assert.equal(await code(bare, 2 + n, request), 103, JSON.stringify(request));
  }
  assert.equal(await code(able, 20, { publish: { channel: "other", data: 1 } }), 103);
});

Deno.test("publish into a private or a user-limited channel is for those who may be there", async () => {
  await using test = open({
    channel: { allowSubscribeForClient: true, allowPublishForClient: true, allowUserLimitedChannels: true },
  });
  const [inside, outside] = [await join(test), await join(test, { user: "u2" })];
  assert.equal(
    await code(inside, 2, { subscribe: { channel: "$c", token: await token({ channel: "$c" }) } }),
    undefined,
  );
  assert.equal(await code(inside, 3, { publish: { channel: "$c", data: 1 } }), undefined);
  assert.equal(await code(outside, 3, { publish: { channel: "$c", data: 1 } }), 103);
  assert.equal(await code(inside, 4, { subscribe: { channel: "d#u1,u3" } }), undefined);
  assert.equal(await code(outside, 4, { subscribe: { channel: "d#u1,u3" } }), 103);
  assert.equal(await code(outside, 5, { publish: { channel: "d#u1,u3", data: 1 } }), 103);
});

Deno.test("rpc of the application needs rpc in the token where not everybody may", async () => {
  await using test = open({ allowRpcForClient: false });
  const [able, bare] = [await join(test, { allow: ["rpc"] }), await join(test)];
  assert.equal(await code(able, 2, { rpc: { method: "echo", data: 1 } }), undefined);
  assert.equal(await code(bare, 2, { rpc: { method: "echo", data: 1 } }), 103);
});

/** A clock that the test moves; wall and monotonic time go together. */
function movable(): Clock & { passMs: number } {
  return {
    passMs: 0,
    wallMs() {
      return Date.now() + this.passMs;
    },
    monotonicMs() {
      return performance.now() + this.passMs;
    },
  };
}

Deno.test("a subscription ends with its token, 2501, unless sub_refresh brought a new one", async () => {
  const clock = movable();
  await using test = open({}, { clock });
  test.node.start("127.0.0.1:1");
  const client = await join(test);
  const shortLived = (channel: string) => token({ channel, expiresInS: 30 });
  for (const [n, channel] of ["$a", "$b"].entries()) {
    const { subscribe } = await ask(client, 2 + n, {
      subscribe: { channel, token: await shortLived(channel) },
    });
    assert.ok(subscribe.ttl > 25 && subscribe.ttl <= 30, JSON.stringify(subscribe));
  }
  assert.equal(
    await code(client, 10, { sub_refresh: { channel: "$b", token: await shortLived("$a") } }),
    103,
  );
  assert.equal(
    await code(client, 11, {
      sub_refresh: { channel: "$b", token: await token({ channel: "$b", expiresInS: -1 }) },
    }),
    110,
  );
  assert.equal(
    await code(client, 12, { sub_refresh: { channel: "$c", token: await shortLived("$c") } }),
    107,
  );
  const renewed = await ask(client, 13, {
    sub_refresh: { channel: "$b", token: await token({ channel: "$b" }) },
  });
  assert.deepEqual([renewed.sub_refresh.expires, renewed.sub_refresh.ttl > 3_500], [true, true]);
  clock.passMs = 60_000;
  const ends = () =>
    (client.socket.messages as Reply[]).flatMap(({ push }) => push?.unsubscribe ? [push] : []);
  await until(() => ends().length > 0);
  assert.deepEqual(ends(), [{ channel: "$a", unsubscribe: { code: 2501, reason: "subscription expired" } }]);
  assert.equal(client.socket.closed, undefined);
});

Deno.test("chan_info of a subscription token is seen by others, in its own channel", async () => {
  await using test = open({
    namespaces: [{
      name: "n",
      presence: true,
      allowPresenceForClient: true,
      allowPublishForSubscriber: true,
    }],
  });
  await begun(test);
  const client = await join(test, { info: { name: "Ann" } });
  await ask(client, 2, {
    subscribe: { channel: "$n:a", token: await token({ channel: "$n:a", info: { role: "host" } }) },
  });
  await ask(client, 3, { publish: { channel: "$n:a", data: 1 } });
  const { presence } = await ask(client, 4, { presence: { channel: "$n:a" } });
  const [info] = Object.values<Reply>(presence.presence);
  assert.deepEqual([info?.conn_info, info?.chan_info], [{ name: "Ann" }, { role: "host" }]);
  // deno-lint-ignore no-explicit-any -- whatever JSON came
  const pub = (client.socket.messages as any[]).find(({ push }) => push?.pub)?.push.pub;
  assert.deepEqual(pub.info.chan_info, { role: "host" });
});

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
  await until(() => asked === 1);
  await settle();
  const closed = () => client.socket.closed?.code;
  assert.equal(closed(), undefined);
  clock.passMs = 22_000;
  await until(() => closed() !== undefined);
  assert.deepEqual([closed(), asked], [3005, 2]);
});

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
