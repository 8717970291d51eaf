import assert from "node:assert/strict";
import { ControlTraffic } from "./control_traffic.ts";

type Watched = Parameters<ControlTraffic["watch"]>[0];

/** As much of ioredis as is watched. */
class FakeRedis {
  readonly listeners = new Map<string, () => void>();
  stream = { bytesRead: 0, bytesWritten: 0 };
  sent = 0;

  on(event: string, listener: () => void): this {
    this.listeners.set(event, listener);
    return this;
  }

  sendCommand(): number {
    return ++this.sent;
  }

  emit(event: string): void {
    this.listeners.get(event)?.();
  }
}

Deno.test("ControlTraffic adds up commands and bytes over reconnects", () => {
  const redis = new FakeRedis();
  const traffic = new ControlTraffic();
  traffic.watch(redis as unknown as Watched);
  assert.deepEqual([traffic.connections, traffic.sentBytes, traffic.receivedBytes], [0, 0, 0]);
  redis.emit("connect");
  assert.equal(redis.sendCommand(), 1);
  redis.stream.bytesRead = 10;
  redis.stream.bytesWritten = 20;
  assert.deepEqual([traffic.connections, traffic.sentBytes, traffic.receivedBytes], [1, 20, 10]);
  redis.emit("close");
  redis.stream = { bytesRead: 1, bytesWritten: 2 };
  redis.emit("connect");
  redis.sendCommand();
  assert.deepEqual([traffic.connections, traffic.sentBytes, traffic.receivedBytes], [1, 22, 11]);
  assert.equal(traffic.commands, 2);
});

Deno.test("ControlTraffic counts several clients at once", () => {
  const [first, second] = [new FakeRedis(), new FakeRedis()];
  const traffic = new ControlTraffic();
  for (const redis of [first, second]) {
    traffic.watch(redis as unknown as Watched);
    redis.emit("connect");
    redis.sendCommand();
    redis.stream.bytesWritten = 5;
  }
  assert.deepEqual([traffic.connections, traffic.commands, traffic.sentBytes], [2, 2, 10]);
  first.emit("close");
  first.emit("close");
  assert.deepEqual([traffic.connections, traffic.sentBytes], [1, 10]);
});
