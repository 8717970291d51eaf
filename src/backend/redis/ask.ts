import { dial, helloCommand } from "./dial.ts";
import { Link } from "./link.ts";
import type { RedisAddress } from "./redis_url.ts";
import type { RespValue } from "./resp_value.ts";

const MAX_QUEUED_BYTES = 64 * 1024;

/**
 * Asks a server a few things over a connection of its own, for where to connect to. Rejects when it does not answer
 * all of them within `timeoutMs` or `signal` aborts.
 */
export async function ask(
  address: RedisAddress,
  questions: readonly (readonly string[])[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly RespValue[]> {
  const wire = await dial(address, timeoutMs, signal);
  const answers = Promise.withResolvers<readonly RespValue[]>();
  const link = new Link(wire, {
    onMessage() {},
    onConfirm() {},
    onRevoked() {},
    onRefused() {},
    onDown: (reason) => answers.reject(reason),
  }, { replyTimeoutMs: timeoutMs, maxQueuedBytes: MAX_QUEUED_BYTES, pingEveryMs: timeoutMs });
  const abort = () => link.drop(new Error("closed"));
  signal.addEventListener("abort", abort);
  const found: RespValue[] = [];
  link.command(helloCommand(address.login, undefined), 0, (error) => error && answers.reject(error.cause));
  for (const words of questions) {
    link.command(words, 0, (error, value) => {
      if (error) answers.reject(error.cause);
      else if (found.push(value) === questions.length) answers.resolve(found);
    });
  }
  try {
    return await answers.promise;
  } finally {
    signal.removeEventListener("abort", abort);
    link.drop(new Error("all is said"));
    await link.ended;
  }
}
