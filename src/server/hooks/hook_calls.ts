/** Calls of hooks: each has a deadline, and what goes wrong in one is a word in the log and an error for the client. */
import type { Clock } from "../../core/clock.ts";
import { Deadlines } from "../../core/deadlines.ts";
import { ClientError, CloseError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";
import type { AnswerOf, AskedHook, DisconnectContext, HookClient, Hooks, Question } from "./hooks.ts";

const SLOT_MS = 50;

/** How hooks are called. */
export interface HookCallsOptions {
  readonly hooks: Hooks;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
}

/** A hook that is not installed. */
type AnyHook = (context: unknown) => unknown;

/** One node's hooks. Safe to call concurrently. */
export class HookCalls {
  readonly #options: HookCallsOptions;
  readonly #deadlines: Deadlines<() => void>;

  constructor(options: HookCallsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(SLOT_MS, options.clock.monotonicMs());
  }

  has(name: keyof Hooks): boolean {
    return this.#options.hooks[name] !== undefined;
  }

  /**
   * What the hook answers; undefined when there is none, or it has nothing to say. Rejects with the `ClientError` or
   * `CloseError` that it threw, else with 100: it failed or has not answered in time.
   */
  async ask<N extends AskedHook>(name: N, question: Question<N>): Promise<AnswerOf<N> | undefined> {
    // Question and hook are of one name, which the compiler cannot follow through the index.
    const hook = this.#options.hooks[name] as AnyHook | undefined;
    if (hook === undefined) return undefined;
    const controller = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { clock, timeoutMs } = this.#options;
    const ticket = this.#deadlines.add(() => {
      reject(new Error(`it has not answered within ${timeoutMs} ms`));
      controller.abort();
    }, clock.monotonicMs() + timeoutMs);
    try {
      const answer = await Promise.race([hook({ ...question, signal: controller.signal }), late]);
      return (answer ?? undefined) as AnswerOf<N> | undefined;
    } catch (error) {
      throw this.#presentable(name, error, question);
    } finally {
      ticket.cancel();
    }
  }

  /** Tells that a connection has ended. */
  tellDisconnect(context: DisconnectContext): void {
    const { onDisconnect } = this.#options.hooks;
    if (onDisconnect === undefined) return;
    // As one more promise, so that what it throws meets the log and not the connection's end.
    void Promise.resolve().then(() => onDisconnect(context))
      .catch((error) =>
        this.#options.log.error("Hook onDisconnect failed", { client: context.client, error })
      );
  }

  /** Whether the application shows a function of a service to `caller`. */
  isFunctionVisible(
    caller: HookClient,
    target: { readonly service: string; readonly function: string },
  ): boolean {
    return this.#options.hooks.isFunctionVisible?.(caller, target) ?? true;
  }

  /** Ends what has been waited for long enough. */
  tick(): void {
    for (const expire of this.#deadlines.due(this.#options.clock.monotonicMs())) expire();
  }

  #presentable(name: AskedHook, error: unknown, { client, workspace }: HookClient): Error {
    if (error instanceof ClientError || error instanceof CloseError) return error;
    this.#options.log.error(`Hook ${name} failed`, { connection: client, workspace, error });
    return new ClientError("internal", { cause: error });
  }
}
