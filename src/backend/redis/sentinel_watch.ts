import { dial, helloCommand } from "./dial.ts";
import { keepTrying } from "./keep_trying.ts";
import { Link } from "./link.ts";
import type { RedisAddress } from "./redis_url.ts";
import { ownerText } from "./slot_map.ts";

const CHANNEL = "+switch-master";
const REPLY_TIMEOUT_MS = 2_000;
const MAX_QUEUED_BYTES = 64 * 1024;

/**
 * Listens at one sentinel, and at the next when that is lost, until `signal` aborts. Sentinels demote an old master that
 * still runs only after some 8 s, in which the nodes that stay with it write what will be thrown away.
 */
export async function watchSentinels(
  sentinels: readonly RedisAddress[],
  master: string,
  onMove: (address: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let turn = 0;
  await keepTrying(async () => {
    const sentinel = sentinels[turn++ % sentinels.length];
    if (sentinel === undefined) return false;
    try {
      return await listenAt(sentinel, (message) => {
        const address = newAddress(message, master);
        if (address !== undefined) onMove(address);
      }, signal);
    } catch {
      // Which sentinels cannot be reached is told by who asks them where the master is.
      return false;
    }
  }, signal);
}

/** Resolves at the end of the connection, with true when it had come to listening. */
async function listenAt(
  sentinel: RedisAddress,
  onMessage: (message: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const wire = await dial(sentinel, REPLY_TIMEOUT_MS, signal);
  let hasListened = false;
  const link = new Link(wire, {
    onMessage: (_name, message) => onMessage(message),
    onConfirm: () => hasListened = true,
    onRevoked() {},
    onRefused: (error) => link.drop(error),
    onDown() {},
  }, { replyTimeoutMs: REPLY_TIMEOUT_MS, maxQueuedBytes: MAX_QUEUED_BYTES, pingEveryMs: 1_000 });
  const abort = () => link.drop(new Error("closed"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  // What is refused ends the link, and what is not answered too.
  link.command(helloCommand(sentinel.login, undefined), 0, () => {});
  link.command(["SUBSCRIBE", CHANNEL], 1, () => {});
  await link.ended;
  signal.removeEventListener("abort", abort);
  return hasListened;
}

/** Reads `<master> <old host> <old port> <new host> <new port>`; undefined for another master's. */
export function newAddress(message: string, master: string): string | undefined {
  const [name, , , hostname = "", port] = message.split(" ");
  if (name !== master || port === undefined) return undefined;
  return ownerText({ hostname, port: Number(port) });
}
