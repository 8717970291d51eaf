/** `GET /health` as fast as the answers come, on one instance: a closed loop, bounded in time and in count. */
import { cpuUsage } from "node:process";
import type { Clock } from "../../core/clock.ts";
import { reasonOf } from "../../core/reason.ts";
import type { LoadWatch } from "./engine.ts";
import type { HttpResult } from "./load_result.ts";
import { classifyConnect, type ErrorTally } from "../truth/error_classes.ts";
import { encodeHistogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { HttpPart } from "../scenario/scenario.ts";
import type { Target } from "../targets/target.ts";

/** A request without an answer after this is given up, milliseconds. */
const REQUEST_DEADLINE_MS = 5_000;
/** A loop that has failed this often in a row pauses, so that a dead target is not a busy loop. */
const FAILURE_PAUSE_MS = 50;

/** What the loop needs. */
export interface HttpLoadOptions {
  readonly target: Target;
  readonly part: HttpPart;
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
  readonly watch: LoadWatch;
}

/** Runs the loop on one instance. */
export async function runHttpLoad(options: HttpLoadOptions): Promise<HttpResult> {
  await using loop = new HttpLoop(options);
  return await loop.run();
}

class HttpLoop {
  readonly #options: HttpLoadOptions;
  readonly #clock: Clock;
  readonly #http = Deno.createHttpClient({});
  readonly #latency = newHistogram();
  readonly #startMs: number;
  #started = 0;
  #requests = 0;
  #succeeded = 0;

  constructor(options: HttpLoadOptions) {
    this.#options = options;
    this.#clock = options.watch.clock;
    this.#startMs = this.#clock.monotonicMs();
  }

  async run(): Promise<HttpResult> {
    const { part, target } = this.#options;
    const cpuBefore = cpuUsage();
    await Promise.all(Array.from({ length: part.concurrency }, () => this.#work()));
    const elapsedMs = this.#clock.monotonicMs() - this.#startMs;
    const used = cpuUsage(cpuBefore);
    return {
      instance: target.instance,
      model: "closed",
      requests: this.#requests,
      succeeded: this.#succeeded,
      elapsedMs,
      latency: encodeHistogram(this.#latency),
      generatorCpuCores: (used.user + used.system) / Math.max(1, elapsedMs * 1_000),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  get #mayStart(): boolean {
    const { part, watch } = this.#options;
    const isInTime = this.#clock.monotonicMs() - this.#startMs < part.maxMs;
    return isInTime && this.#started < part.maxRequests && !watch.signal.aborted;
  }

  async #work(): Promise<void> {
    // One deadline for a batch of requests instead of a timer for each: late by at most one deadline.
    while (this.#mayStart) {
      const deadline = AbortSignal.timeout(2 * REQUEST_DEADLINE_MS);
      const renewMs = this.#clock.monotonicMs() + REQUEST_DEADLINE_MS;
      const signal = AbortSignal.any([deadline, this.#options.watch.signal]);
      while (this.#mayStart && this.#clock.monotonicMs() < renewMs) await this.#request(signal);
    }
  }

  async #request(signal: AbortSignal): Promise<void> {
    this.#started++;
    const sentMs = this.#clock.monotonicMs();
    try {
      const response = await fetch(`${this.#options.target.httpUrl}/health`, { client: this.#http, signal });
      await response.arrayBuffer();
      this.#answered(response.status, sentMs);
    } catch (error) {
      if (this.#options.watch.signal.aborted) return;
      await this.#failed(error);
    }
  }

  #answered(status: number, sentMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#requests++;
    if (status === 200) {
      this.#succeeded++;
      recordMs(this.#latency, nowMs - sentMs);
      return;
    }
    this.#note("http_status", `GET /health answered ${status}`);
  }

  async #failed(error: unknown): Promise<void> {
    this.#requests++;
    const text = reasonOf(error);
    this.#note(error instanceof DOMException ? "reply_timeout" : classifyConnect(text), text);
    await new Promise((resolve) => setTimeout(resolve, FAILURE_PAUSE_MS));
  }

  #note(errorClass: Parameters<ErrorTally["add"]>[0], text: string): void {
    const { errors, target, beganMs } = this.#options;
    errors.add(errorClass, target.instance, text, this.#clock.monotonicMs() - beganMs);
  }
}
