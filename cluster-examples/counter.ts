/**
 * One counter per room, the same for all: each message to `/apps/rooms?room=tea` counts, and everybody in the room sees
 * the new count, on whichever node they are. Shows shared counters, `subscribe` in an app, and `publish`.
 *
 * Run it (port, 8080 when left out; Redis, only needed for more than one node):
 *
 *     deno run --allow-net=127.0.0.1 --allow-env cluster-examples/counter.ts 8080 redis://127.0.0.1:6379
 *
 * and in a second terminal the same with 8081: two nodes, one count. Try it in a third (Ctrl-C ends it):
 *
 *     deno eval 'const s = new WebSocket("ws://127.0.0.1:8081/apps/rooms?room=tea");
 *       s.onopen = () => s.send("one more"); s.onmessage = (e) => console.log(e.data)'
 */
import { type AppSession, createNode, defineApp } from "../src/mod.ts";
import { portOf } from "./port.ts";

/** A room that nobody counted in for a day starts at 0 again. */
const ROOM_TTL_MS = 24 * 3_600_000;
/** Bounds what a client can make the nodes remember. */
const ROOM_NAME = /^[a-z0-9-]{1,32}$/;

const rooms = defineApp({
  async open(client) {
    const room = roomOf(client);
    if (room === undefined) return client.close(4500, "want ?room= with 1 to 32 of a-z, 0-9 and -");
    await client.subscribe(`room-${room}`, (news) => client.send(news));
    client.send({ type: "joined", room });
  },

  async message(client, message) {
    const room = roomOf(client);
    if (room === undefined) return;
    const note = typeof message === "string" ? message.slice(0, 200) : `${message.length} bytes`;
    try {
      const count = await client.counters.increment(`rooms/${room}`, ROOM_TTL_MS);
      await client.publish(`room-${room}`, { type: "count", room, count, note, by: client.id });
    } catch (error) {
      // Redis is away for a moment: the client may try again, so it stays.
      client.send({ type: "error", note, error: error instanceof Error ? error.message : String(error) });
    }
  },
});

function roomOf(client: AppSession): string | undefined {
  const room = client.query.get("room") ?? "lobby";
  return ROOM_NAME.test(room) ? room : undefined;
}

const [port, redisUrl = ""] = Deno.args;
const node = await createNode({ port: portOf(port), redisUrl, apps: { rooms } });
console.log(`rooms is at ws://${node.address}/apps/rooms (Ctrl-C ends it)`);

node.endOnSignals();
await node.ended;
