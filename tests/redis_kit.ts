/** What the tests of the Redis backend share. */
import assert from "node:assert/strict";
import type { Backend, PresenceMember, StreamPosition } from "../src/backend/backend.ts";
import { redisBackend, type RedisBackendOptions, type RedisTopology } from "../src/backend/redis/mod.ts";
import { ClientError } from "../src/core/errors.ts";
import { newNodeId, type NodeId } from "../src/core/ids.ts";
import { decodePositioned } from "../src/protocol/envelope.ts";
import { RecordingListener } from "../src/testing/backend_contract.ts";
import { inBatches } from "../src/testing/backend_contract/kit.ts";
import { recordOf } from "../src/testing/node_records.ts";
import { until } from "../src/testing/waiting.ts";

/** What the tests use. */
export const PARTITIONS = 64;
/** Channels enough to meet every server. */
export const CHANNELS = Array.from({ length: 100 }, (_, i) => `room ${i}`);

/** One node's backend. */
export interface Opened extends AsyncDisposable {
  readonly id: NodeId;
  readonly backend: Backend;
  readonly listener: RecordingListener;
}

/** Opens one that may not be ready yet, on a topology or on the one server of a URL. */
export function open(place: RedisTopology | string, change: Partial<RedisBackendOptions> = {}): Opened {
  const factory = redisBackend({
    topology: typeof place === "string" ? { kind: "one", url: place } : place,
    prefix: "shoal:",
    partitions: PARTITIONS,
    publishTimeoutMs: 1_000,
    subscribeTimeoutMs: 3_000,
    commandTimeoutMs: 1_000,
    ...change,
  });
  const id = newNodeId();
  const listener = new RecordingListener();
  const backend = factory(id, listener);
  return { id, backend, listener, [Symbol.asyncDispose]: () => backend.close() };
}

/** Opens one and waits until it is ready. */
export async function openReady(
  place: RedisTopology | string,
  change: Partial<RedisBackendOptions> = {},
): Promise<Opened> {
  const node = open(place, change);
  await ready(node);
  return node;
}

/** Resolves when it is ready; else fails with its trouble. */
export async function ready({ backend, listener }: Opened, withinMs = 8_000): Promise<void> {
  await listener.until("ready", () => backend.state === "ready", withinMs).catch((error) => {
    throw new Error(backend.trouble, { cause: error });
  });
}

/** Resolves when it is lost. */
export function lost({ backend, listener }: Opened): Promise<void> {
  return listener.until("lost", () => backend.state === "lost", 5_000);
}

/** Resolves when its trouble, which is no state of its own, reads like `wanted`. */
export async function troubled({ backend }: Opened, wanted: RegExp): Promise<void> {
  await until(`trouble like ${wanted}`, () => wanted.test(backend.trouble ?? ""), 5_000).catch((error) => {
    throw new Error(backend.trouble, { cause: error });
  });
}

/** Publishes and waits for the answer. */
export function published({ backend }: Opened, channel: string, message: string): Promise<void> {
  return new Promise((resolve, reject) =>
    backend.bus.publish(channel, message, (error) => error ? reject(error) : resolve())
  );
}

/** Publishes to the history and waits for the position. */
export function stored({ backend }: Opened, channel: string, message: string): Promise<StreamPosition> {
  return new Promise((resolve, reject) =>
    backend.history.publish(channel, message, { size: 100, ttlMs: 60_000 }, (error, position) => {
      if (position) resolve(position);
      else reject(error);
    })
  );
}

/** Makes each of `members` a member of the room that `roomOf` names, and checks that all are new. */
export async function addMembers(
  { backend }: Opened,
  members: readonly PresenceMember[],
  roomOf: (at: number) => string,
): Promise<void> {
  const added = await inBatches(members, (member, at) => backend.presence.add(roomOf(at), member, true));
  assert.ok(added.every((isNew) => isNew));
}

/** One beat. */
export function beat({ backend, id }: Opened, suspectAfterMs = 60_000) {
  return backend.registry.beat(recordOf(id), suspectAfterMs);
}

/** Checks for error 100. */
export function isTemporary(thrown: unknown): true {
  assert.ok(thrown instanceof ClientError, String(thrown));
  assert.equal(thrown.code, 100);
  return true;
}

/** Subscribes to all rooms. */
export async function subscribeAll({ backend }: Opened): Promise<void> {
  await Promise.all(CHANNELS.map((channel) => backend.bus.subscribe(channel)));
}

/** Checks that every room works from `from` to `to`, histories included. */
export async function allWork(from: Opened, to: Opened, text: string): Promise<void> {
  assert.deepEqual(to.backend.bus.subscriptions(), { desired: 100, confirmed: 100 });
  await Promise.all(CHANNELS.map((channel) => published(from, channel, text)));
  await Promise.all(CHANNELS.map((channel) => stored(from, channel, text)));
  const isWhole = (channel: string) => {
    const texts = to.listener.on(channel);
    return texts.includes(text) && texts.some((each) => decodePositioned(each)?.message === text);
  };
  await to.listener.until(text, () => CHANNELS.every(isWhole));
  await from.backend.bus.sendToNode(to.id, `${text} to you`);
  await to.listener.until("the direct one", () => to.listener.nodeMessages.includes(`${text} to you`));
}

/** Publishes to all rooms in turn until stopped; counts what was acknowledged and what failed. */
export class Publisher {
  readonly acknowledged: string[] = [];
  readonly failed: Error[] = [];
  readonly #node: Opened;
  readonly #timer: ReturnType<typeof setInterval>;
  #count = 0;

  constructor(node: Opened) {
    this.#node = node;
    this.#timer = setInterval(() => {
      for (let i = 0; i < 10; i++) this.#publish();
    }, 5);
  }

  /** Ends it, and waits until each publish is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await until("every publish is answered", () => this.#answered >= this.#count, 4_000);
    assert.equal(this.#answered, this.#count, "a publish was answered twice");
    for (const error of this.failed) isTemporary(error);
  }

  get #answered(): number {
    return this.acknowledged.length + this.failed.length;
  }

  #publish(): void {
    const message = String(this.#count++);
    const channel = CHANNELS[Number(message) % CHANNELS.length] ?? "";
    this.#node.backend.bus.publish(channel, message, (error) => {
      if (error) this.failed.push(error);
      else this.acknowledged.push(message);
    });
  }
}
