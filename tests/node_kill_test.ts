/** A node is killed: its subscribers recover elsewhere without a loss, and its leaves are told exactly once. */
import assert from "node:assert/strict";
import { NodeProcess, pause, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const WATCHERS = 4;

Deno.test("kill -9 of a node: recovered without loss, presence right, each leave told once", async (t) => {
  await using redis = await RedisServer.open();
  const set = { beat_interval_ms: 200, node_suspect_ms: 600, node_dead_ms: 1_500 };
  const options = { redisUrl: redis.url, set };
  await using killed = await NodeProcess.start(options);
  await using left = await NodeProcess.start(options);
  await using other = await NodeProcess.start(options);
  // Nobody judges before he has beaten for 5 s; the rest of that passes after the kill.
  await pause(2_000);

  const watchers = await Promise.all([left, other, left, other].map(({ ws }) => SdkClient.open(ws)));
  const mover = await SdkClient.open(killed.ws);
  const goer = await SdkClient.open(killed.ws);
  try {
    const rooms = await Promise.all(
      watchers.map((client) => client.subscribe("durable:room", { joinLeave: true })),
    );
    const moving = await mover.subscribe("durable:room");
    await goer.subscribe("durable:room");
    await rooms[0]?.step(`join ${goer.ids[0]}`);
    const [moverId, goerId] = [mover.ids[0], goer.ids[0]];

    let sent = 0;
    let isKilled = false;
    const publishing = (async () => {
      const publisher = watchers[0];
      for (let after = 0; after < 100; after += isKilled ? 1 : 0) {
        await publisher?.centrifuge.publish("durable:room", ++sent);
        await pause(5);
      }
    })();
    await moving.received((data) => data === 10);
    // The one goes for good, the other is led to a living node, as a balancer would.
    goer.centrifuge.disconnect();
    await rooms[0]?.step(`leave ${goerId}`);
    await killed.kill();
    isKilled = true;
    mover.centrifuge.disconnect();
    // The client has one address; a balancer behind it would have chosen another node.
    Reflect.set(mover.centrifuge, "_endpoint", left.ws);
    await pause(100);
    mover.centrifuge.connect();
    const answer = await moving.answered(2);
    assert.deepEqual([answer.wasRecovering, answer.recovered], [true, true]);

    await t.step("presence is right everywhere within 6 s", async () => {
      const counts = async () => {
        const stats = await Promise.all(
          watchers.map((client) => client.centrifuge.presenceStats("durable:room")),
        );
        return stats.map(({ numClients }) => numClients);
      };
      await until("presence", async () => (await counts()).every((count) => count === WATCHERS + 1), 6_000);
    });

    await t.step("each leave is told once to each", async () => {
      await Promise.all(rooms.map((room) => room.step(`leave ${moverId}`)));
      await pause(300);
      for (const { steps } of rooms) {
        assert.equal(steps.filter((step) => step === `leave ${moverId}`).length, 1);
        assert.equal(steps.filter((step) => step === `leave ${goerId}`).length, 1);
      }
    });

    await t.step("nothing is lost, repeated or out of order", async () => {
      await publishing;
      await moving.received((data) => data === sent);
      await Promise.all(rooms.map((room) => room.received((data) => data === sent)));
      const wanted = Array.from({ length: sent }, (_, i) => i + 1);
      for (const room of rooms) assert.deepEqual(room.data, wanted);
      assert.deepEqual(moving.data, wanted.slice(wanted.indexOf(Number(moving.data[0]))));
    });
  } finally {
    for (const client of [...watchers, mover, goer]) client[Symbol.dispose]();
  }
});

Deno.test("Redis away and back: subscribers stay, and what they missed is recovered or told", async (t) => {
  await using redis = await RedisServer.open();
  await using node = await NodeProcess.start({ redisUrl: redis.url });
  using client = await SdkClient.open(node.ws);
  const room = await client.subscribe("durable:room");
  await client.centrifuge.publish("durable:room", 1);
  await room.received((data) => data === 1);

  await t.step("frozen: the connection stays, and a publish says 100", async () => {
    redis.pause();
    await assert.rejects(client.centrifuge.publish("durable:room", "lost?"), { code: 100 });
    redis.resume();
    await node.ready();
    await until("a publish goes through", async () => {
      try {
        await client.centrifuge.publish("durable:room", "after");
        return true;
      } catch {
        return false; // not yet
      }
    }, 10_000);
    await room.received((data) => data === "after");
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
    const offsets = room.publications.map(({ offset }) => offset);
    assert.deepEqual(offsets, Array.from({ length: offsets.length }, (_, i) => i + 1));
  });

  await t.step("restarted empty: another epoch is told, nothing is called recovered", async () => {
    const before = room.answers.length;
    await redis.stop();
    await redis.start();
    await node.ready();
    const answer = await room.answered(before + 1, 15_000);
    assert.deepEqual([answer.wasRecovering, answer.recovered], [true, false]);
    await client.centrifuge.publish("durable:room", "new life");
    await room.received((data) => data === "new life");
    assert.equal(room.publications.at(-1)?.offset, 1);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });
});
