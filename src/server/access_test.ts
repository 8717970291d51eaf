/** Who gets in by a token, and what it lets them do, as a client meets it. */
import assert from "node:assert/strict";
import { ask, begun, code, join, movable, open, type Reply, token } from "../testing/token_clients.ts";
import { until } from "../testing/waiting.ts";

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
  await until("the end", () => ends().length > 0);
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
