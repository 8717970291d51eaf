import assert from "node:assert/strict";
import type { History, HistoryFilter, HistoryPage, StreamPosition } from "../../backend/backend.ts";
import { numbers, type TestNode } from "./kit.ts";

/** Limits and idempotency of a publish with history. */
export type PublishOptions = Parameters<History["publish"]>[2];

/** Room for all that a test publishes. */
export const LIMITS: PublishOptions = { size: 1_000, ttlMs: 60_000 };
/** Asks for the whole history. */
export const ALL: HistoryFilter = { limit: -1 };

/** Publishes with history and waits for the position. */
export function stored(
  node: TestNode,
  channel: string,
  message: string,
  change: Partial<PublishOptions> = {},
): Promise<StreamPosition> {
  return new Promise((resolve, reject) => {
    node.backend.history.publish(channel, message, { ...LIMITS, ...change }, (error, position) => {
      if (error) return reject(error);
      if (!position) return reject(new Error("neither an error nor a position"));
      resolve(position);
    });
  });
}

/** Publishes "1" to `count` at offsets 1 to `count`, and answers the epoch. */
export async function filled(
  node: TestNode,
  channel: string,
  count: number,
  change: Partial<PublishOptions> = {},
): Promise<string> {
  const texts = numbers(count).map((text) => String(Number(text) + 1));
  const positions = await Promise.all(texts.map((text) => stored(node, channel, text, change)));
  assert.deepEqual(positions.map((each) => String(each.offset)), texts);
  return positions[0]?.epoch ?? "";
}

/** The offsets of a page, in its order. */
export function offsetsOf(page: HistoryPage): number[] {
  return page.messages.map((each) => each.offset);
}
