/** Shows where a run stands: one line redrawn on a terminal, else a line every five seconds. */
import type { Progress } from "../engine/engine.ts";
import { formatCount } from "../units.ts";

/** Where lines go. */
export interface TextSink {
  readonly isTerminal: boolean;
  /** Writes as it is, without a newline. */
  write(text: string): void;
}

const REDRAW_EVERY_MS = 250;
const LINE_EVERY_MS = 5_000;
const CLEAR_LINE = "\r\x1b[K";

/** Draws at most four times a second; what comes in between is skipped. Pure but for its sink. */
export class ProgressView {
  readonly #sink: TextSink;
  readonly #monotonicMs: () => number;
  readonly #beganMs: number;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #shownPhase = "";

  constructor(sink: TextSink, monotonicMs: () => number) {
    this.#sink = sink;
    this.#monotonicMs = monotonicMs;
    this.#beganMs = monotonicMs();
  }

  /** Takes the newest state. */
  show(progress: Progress): void {
    const nowMs = this.#monotonicMs();
    const everyMs = this.#sink.isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS;
    const phase = `${progress.phase} ${progress.instance ?? ""}`;
    const isDue = nowMs - this.#shownAtMs >= everyMs ||
      (phase !== this.#shownPhase && !this.#sink.isTerminal);
    if (!isDue) return;
    this.#shownAtMs = nowMs;
    this.#shownPhase = phase;
    const elapsed = `${((nowMs - this.#beganMs) / 1_000).toFixed(1)}s`;
    if (this.#sink.isTerminal) this.#sink.write(`${CLEAR_LINE}${drawn(progress, elapsed)}`);
    else this.#sink.write(`${keyValues(progress, elapsed)}\n`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#sink.isTerminal) this.#sink.write(CLEAR_LINE);
  }
}

function drawn(progress: Progress, elapsed: string): string {
  const percent = progress.total === 0 ? 0 : Math.floor(100 * progress.done / progress.total);
  const counts = `${formatCount(progress.done)}/${formatCount(progress.total)}`;
  const errors = progress.errors === 0 ? "" : ` · ${progress.errors} errors`;
  const where = progress.instance === undefined ? "" : ` ${progress.instance}`;
  return `  ${elapsed.padStart(6)}  ${progress.phase}${where} · ${counts} · ${percent}%${errors}`.slice(
    0,
    79,
  );
}

function keyValues(progress: Progress, elapsed: string): string {
  const where = progress.instance === undefined ? "" : ` instance=${progress.instance}`;
  return `elapsed=${elapsed} phase=${progress.phase}${where} done=${progress.done} total=${progress.total} ` +
    `errors=${progress.errors}`;
}
