/**
 * From every instance to every instance: a publisher and a subscriber on each, all in this process, so that one clock
 * times both ends and every message is accounted for.
 */
import type { Clock } from "../../core/clock.ts";
import { Client, type ClientListener, ConnectError } from "./client.ts";
import { closeClients, CONNECT_TIMEOUT_MS, noteLost } from "./connector.ts";
import type { LoadWatch } from "./engine.ts";
import type { LoadOptions } from "./load_options.ts";
import type { CrossCell, CrossResult } from "./load_result.ts";
import type { ErrorClass, ErrorTally } from "../truth/error_classes.ts";
import { GeneratorWatch } from "./generator.ts";
import { Ledger } from "../truth/ledger.ts";
import { lateAfterMs, measureTickMs, runPlan } from "./pacer.ts";
import { intendedMs, type Plan, planMs } from "./plan.ts";
import { Recorder } from "../truth/recorder.ts";
import { channelPrefix, payloadText } from "./seed.ts";
import { objectOf } from "../targets/target.ts";
import { largestOf } from "../scenario/payload_spec.ts";
import { EchoCodec } from "./wire.ts";

const SUBSCRIBE_TIMEOUT_MS = 10_000;
const PROGRESS_EVERY_MS = 250;
/** The first messages open paths and compile code; they count in the ledger and not in the latency. */
const WARMUP_MS = 500;
const LEAD_MS = 20;
const INTERRUPTED_DRAIN_MS = 500;

/** Where errors go. */
export interface CrossContext {
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
}

/** Measures the matrix. Undefined when a publisher or subscriber could not be set up; `errors` says why. */
export async function runCross(
  options: LoadOptions,
  watch: LoadWatch,
  context: CrossContext,
): Promise<CrossResult | undefined> {
  const cross = new Cross(options, watch, context);
  try {
    return await cross.run();
  } finally {
    await cross.close();
  }
}

interface Cell {
  readonly ledger: Ledger;
  readonly latency: Recorder;
}

class Cross implements ClientListener {
  readonly #options: LoadOptions;
  readonly #watch: LoadWatch;
  readonly #context: CrossContext;
  readonly #clock: Clock;
  readonly #size: number;
  readonly #cells: readonly Cell[];
  readonly #publishers: Client[] = [];
  readonly #subscribers: Client[] = [];
  readonly #channels: readonly string[];
  readonly #publisherOf: ReadonlyMap<string, number>;
  readonly #publishedBy: Int32Array;
  readonly #refusedBy: Int32Array;
  readonly #sentMs: Float64Array;
  readonly #filler: string;
  readonly #warmupCount: number;
  #plan: Plan;
  #arrived = 0;
  #errorCount = 0;
  #onAllArrived: (() => void) | undefined;

  constructor(options: LoadOptions, watch: LoadWatch, context: CrossContext) {
    const { cross, payload } = options.scenario;
    this.#options = options;
    this.#watch = watch;
    this.#context = context;
    this.#clock = watch.clock;
    this.#size = options.targets.length;
    this.#cells = Array.from(
      { length: this.#size ** 2 },
      () => ({ ledger: new Ledger(), latency: new Recorder() }),
    );
    this.#channels = options.targets.map((_, at) => `${channelPrefix(options.seed)}_${at}`);
    this.#publisherOf = new Map(this.#channels.map((channel, at) => [channel, at]));
    this.#publishedBy = new Int32Array(this.#size);
    this.#refusedBy = new Int32Array(this.#size);
    this.#warmupCount = Math.round(cross.perSec * WARMUP_MS / 1_000);
    this.#plan = { startMs: 0, perSec: cross.perSec, count: this.#warmupCount + cross.messages };
    this.#sentMs = new Float64Array(this.#plan.count);
    this.#filler = payloadText(options.seed, largestOf(payload));
  }

  async run(): Promise<CrossResult | undefined> {
    if (!(await this.#setUp())) return undefined;
    const { pacer, scenario } = this.#options;
    const generator = new GeneratorWatch(this.#clock, lateAfterMs(pacer, await measureTickMs(this.#clock)));
    const progress = setInterval(() => this.#report(), PROGRESS_EVERY_MS);
    try {
      this.#plan = { ...this.#plan, startMs: this.#clock.monotonicMs() + LEAD_MS };
      const released = await runPlan(this.#plan, {
        kind: pacer,
        clock: this.#clock,
        signal: this.#watch.signal,
        release: (index, dueMs, nowMs) => {
          generator.released(dueMs, nowMs);
          this.#publish(index, nowMs);
        },
      });
      await this.#drain();
      return {
        published: sum(this.#publishedBy),
        refused: sum(this.#refusedBy),
        neverTried: this.#plan.count - released,
        offeredPerSec: scenario.cross.perSec,
        elapsedMs: planMs(released, scenario.cross.perSec),
        cells: this.#cells.map((cell, at) => this.#cellResult(cell, at)),
        generator: generator.stop(),
      };
    } finally {
      clearInterval(progress);
      generator.stop();
    }
  }

  async close(): Promise<void> {
    await closeClients([...this.#publishers, ...this.#subscribers]);
  }

  onPublication(client: Client, channel: string, data: unknown): void {
    const from = this.#publisherOf.get(channel);
    const sequence = objectOf(data)["n"];
    if (from === undefined) return;
    if (typeof sequence !== "number" || sequence < 0 || sequence >= (this.#publishedBy[from] ?? 0)) {
      return this.#note("bad_payload", client.target, `a publication in ${channel} that was never sent`);
    }
    const cell = this.#cells[from * this.#size + client.target];
    if (cell === undefined) return;
    const arrival = cell.ledger.observe(sequence);
    if (arrival !== "in order") {
      this.#note(arrival, client.target, `message ${sequence} of ${this.#name(from)}`);
    }
    if (arrival !== "duplicate") this.#arrive(cell, sequence * this.#size + from);
  }

  onRefused(client: Client, id: number, code: number, message: string): void {
    this.#refusedBy[client.target] = (this.#refusedBy[client.target] ?? 0) + 1;
    this.#note("reply_error", client.target, `publish ${id} answered ${code}: ${message}`);
  }

  onEcho(): void {}

  onGarbage(client: Client, text: string): void {
    this.#note("bad_payload", client.target, text);
  }

  onLost(client: Client, code: number, reason: string): void {
    this.#errorCount++;
    noteLost(this.#context.errors, this.#options.targets[client.target], code, reason, this.#sinceBegan());
  }

  async #setUp(): Promise<boolean> {
    this.#report();
    const steps = this.#options.targets.map(async (_, target) => {
      this.#publishers[target] = await this.#open(target);
      const subscriber = await this.#open(target);
      this.#subscribers[target] = subscriber;
      await Promise.all(this.#channels.map((channel) => subscriber.subscribe(channel, SUBSCRIBE_TIMEOUT_MS)));
    });
    const outcomes = await Promise.allSettled(steps);
    outcomes.forEach((outcome, target) => {
      if (outcome.status === "rejected") this.#noteSetUp(target, outcome.reason);
    });
    return outcomes.every((outcome) => outcome.status === "fulfilled");
  }

  async #open(target: number): Promise<Client> {
    const client = new Client({
      url: this.#options.targets[target]?.wsUrl ?? "",
      target,
      index: target,
      codec: new EchoCodec(""),
      listener: this,
      clock: this.#clock,
    });
    await client.connect(CONNECT_TIMEOUT_MS);
    return client;
  }

  #noteSetUp(target: number, reason: unknown): void {
    const errorClass = reason instanceof ConnectError ? reason.errorClass : "reply_error";
    this.#note(errorClass, target, reason instanceof Error ? reason.message : String(reason));
  }

  #publish(index: number, nowMs: number): void {
    const from = index % this.#size;
    const sequence = this.#publishedBy[from] ?? 0;
    const data = `{"n":${sequence},"p":"${this.#filler}"}`;
    this.#sentMs[sequence * this.#size + from] = nowMs;
    this.#publishedBy[from] = sequence + 1;
    const fault = this.#publishers[from]?.publish(index + 1, this.#channels[from] ?? "", data);
    if (fault === undefined) return;
    this.#refusedBy[from] = (this.#refusedBy[from] ?? 0) + 1;
    this.#note(fault, from, `publication ${sequence} did not leave`);
  }

  #arrive(cell: Cell, index: number): void {
    this.#arrived++;
    if (index >= this.#warmupCount) {
      cell.latency.answered(
        intendedMs(this.#plan, index),
        this.#sentMs[index] ?? 0,
        this.#clock.monotonicMs(),
      );
    }
    if (this.#arrived >= this.#expected) this.#onAllArrived?.();
  }

  get #expected(): number {
    return (sum(this.#publishedBy) - sum(this.#refusedBy)) * this.#size;
  }

  async #drain(): Promise<void> {
    if (this.#arrived >= this.#expected) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const maxMs = this.#watch.signal.aborted ? INTERRUPTED_DRAIN_MS : this.#options.drainMs;
    const timer = setTimeout(resolve, maxMs);
    const cutShort = () => setTimeout(resolve, INTERRUPTED_DRAIN_MS);
    this.#watch.signal.addEventListener("abort", cutShort, { once: true });
    this.#onAllArrived = resolve;
    await promise;
    this.#watch.signal.removeEventListener("abort", cutShort);
    clearTimeout(timer);
  }

  #cellResult(cell: Cell, at: number): CrossCell {
    const from = Math.floor(at / this.#size);
    const expected = (this.#publishedBy[from] ?? 0) - (this.#refusedBy[from] ?? 0);
    const ledger = cell.ledger.close(expected);
    const to = at % this.#size;
    if (ledger.lost > 0) {
      const text = `of the ${expected} messages of ${this.#name(from)}`;
      this.#context.errors.add("lost", this.#name(to), text, this.#sinceBegan(), ledger.lost);
    }
    return { from: this.#name(from), to: this.#name(to), ledger, latency: cell.latency.toData() };
  }

  #report(): void {
    const total = this.#plan.count * this.#size;
    this.#watch.onProgress({ phase: "cross", done: this.#arrived, total, errors: this.#errorCount });
  }

  #name(target: number): string {
    return this.#options.targets[target]?.instance ?? "?";
  }

  #note(errorClass: ErrorClass, target: number, text: string): void {
    this.#errorCount++;
    this.#context.errors.add(errorClass, this.#name(target), text, this.#sinceBegan());
  }

  #sinceBegan(): number {
    return this.#clock.monotonicMs() - this.#context.beganMs;
  }
}

function sum(counts: Int32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
