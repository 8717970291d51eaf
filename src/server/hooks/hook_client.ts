/** Asks one URL: a bounded number of requests at once, tried again where that does no harm, and not while it is down. */
import { backoffMs, randomFraction } from "../../core/backoff.ts";
import { admit, type BreakerState, closedBreaker, failed, succeeded } from "../../core/circuit_breaker.ts";
import type { Clock } from "../../core/clock.ts";
import type { Slots } from "../../core/slots.ts";
import { reasonOf } from "../../core/reason.ts";
import { parseExact } from "../../protocol/exact_json.ts";
import { type HookAnswer, type HookKind, readHookAnswer } from "../../protocol/hook_answers.ts";
import { fetchBounded } from "../fetch_bounded.ts";

const MAX_ANSWER_BYTES = 256 * 1024;
/** Tries of a question that may be asked twice. */
const MAX_TRIES = 3;
const RETRY = { baseMs: 50, maxMs: 500 };
/** Five failures in a row, and it is left alone for five seconds. */
const BREAKER = { maxFailures: 5, openMs: 5_000 };
/** The server says that it could not do it now; it has done nothing. */
const RETRYABLE: ReadonlySet<number> = new Set([502, 503, 504]);

/** Kinds of questions that have no effect where they are asked, so that they may be asked again. */
const repeatable: ReadonlySet<HookKind> = new Set(["connect", "refresh", "subscribe"]);

/** Whom to ask and how. */
export interface HookClientOptions<K extends HookKind> {
  readonly kind: K;
  readonly url: string;
  /** "" for none. */
  readonly secret: string;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Shared by all hooks of the node. */
  readonly slots: Slots;
}

/** A failure after which the same question may be answered. */
class PassingError extends Error {}

/** One hook over HTTP. Safe to call concurrently. */
export class HookHttpClient<K extends HookKind> {
  readonly #options: HookClientOptions<K>;
  #breaker: BreakerState = closedBreaker;

  constructor(options: HookClientOptions<K>) {
    this.#options = options;
  }

  /** Asks, until `signal` aborts. Rejects with an `Error` for the log. */
  async ask(question: unknown, signal: AbortSignal): Promise<HookAnswer<K>> {
    const body = JSON.stringify(question);
    const tries = repeatable.has(this.#options.kind) ? MAX_TRIES : 1;
    for (let n = 1;; n++) {
      try {
        return await this.#askOnce(body, signal);
      } catch (error) {
        if (!(error instanceof PassingError) || n >= tries || signal.aborted) throw error;
      }
      await pause(backoffMs(n - 1, RETRY, randomFraction()), signal);
    }
  }

  async #askOnce(body: string, signal: AbortSignal): Promise<HookAnswer<K>> {
    const { slots, clock, kind } = this.#options;
    await slots.take(signal);
    try {
      this.#enter();
      const answer = await this.#fetch(body, signal);
      this.#breaker = succeeded();
      return answer;
    } catch (error) {
      if (!(error instanceof CircuitOpenError)) {
        this.#breaker = failed(this.#breaker, clock.monotonicMs(), BREAKER);
      }
      throw error instanceof PassingError || error instanceof CircuitOpenError
        ? error
        : new Error(`Hook ${kind}: ${reasonOf(error)}`, { cause: error });
    } finally {
      slots.giveBack();
    }
  }

  #enter(): void {
    const { clock, kind } = this.#options;
    const { isAdmitted, state } = admit(this.#breaker, clock.monotonicMs(), BREAKER);
    this.#breaker = state;
    if (!isAdmitted) {
      throw new CircuitOpenError(`Hook ${kind}: it has failed too often and is left alone for now`);
    }
  }

  async #fetch(body: string, signal: AbortSignal): Promise<HookAnswer<K>> {
    const { url, secret, kind, timeoutMs } = this.#options;
    const authorization: Record<string, string> = secret === "" ? {} : { authorization: `Bearer ${secret}` };
    const headers = { "content-type": "application/json", ...authorization };
    const request = {
      url,
      method: "POST",
      headers,
      body,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    } as const;
    const { status, text } = await fetchBounded(request).catch((error) => {
      // The connection failed: whether the question arrived is unknown, which matters where it may be asked once only.
      throw error instanceof TypeError ? new PassingError(`Hook ${kind}: ${error.message}`) : error;
    });
    if (RETRYABLE.has(status)) throw new PassingError(`Hook ${kind}: it answers ${status}`);
    if (status !== 200) throw new Error(`it answers ${status}`);
    return readHookAnswer(kind, parseExact(text));
  }
}

class CircuitOpenError extends Error {}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(new Error("nobody waits for the answer any more"));
      else resolve();
    }
    signal.addEventListener("abort", done);
  });
}
