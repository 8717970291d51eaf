/** Shows where a run stands: a small table redrawn in place on a terminal, else a line every five seconds. */
import type { Progress } from "../engine/engine.ts";
import { formatCount } from "../units.ts";
import { USUAL_WINDOW, type WindowSize } from "../../core/window_size.ts";
import { liveTable, type Snapshot } from "./live_table.ts";

/** Where lines go. */
export interface TextSink {
  /** Whether the cursor can be moved on it. */
  readonly isTerminal: boolean;
  /** Asked at each drawing, since windows change; 80 by 24 when left out. */
  readonly size?: () => WindowSize;
  /** Writes as it is, without a newline. */
  write(text: string): void;
}

const REDRAW_EVERY_MS = 250;
const LINE_EVERY_MS = 5_000;
/** Rates are those of at least this long, so that they do not flicker. */
const RATE_OVER_MS = 1_000;

/** Draws at most four times a second; what comes in between is skipped. Pure but for its sink. */
export class ProgressView {
  readonly #sink: TextSink;
  readonly #monotonicMs: () => number;
  readonly #beganMs: number;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #shownPhase = "";
  #shownLines = 0;
  #base: Snapshot | undefined;
  #next: Snapshot | undefined;
  #ratesOf: Progress["phase"] | undefined;

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
    if (this.#sink.isTerminal) this.#redraw(progress, elapsed, nowMs);
    else this.#sink.write(`${keyValues(progress, elapsed)}\n`);
  }

  /** Takes the table away. */
  clear(): void {
    if (this.#sink.isTerminal) this.#sink.write(wipe(this.#shownLines));
    this.#shownLines = 0;
  }

  #redraw(progress: Progress, elapsed: string, nowMs: number): void {
    // One column stays free: a terminal that wraps a full line would put every later drawing one line too low.
    const { columns, rows } = this.#sink.size?.() ?? USUAL_WINDOW;
    const size = { columns: Math.max(20, columns - 1), rows };
    const lines = [headLine(progress, elapsed).slice(0, size.columns), ...this.#table(progress, nowMs, size)]
      .slice(0, Math.max(1, rows - 1));
    this.#sink.write(wipe(this.#shownLines) + lines.join("\n"));
    this.#shownLines = lines.length;
  }

  #table(progress: Progress, nowMs: number, size: WindowSize): readonly string[] {
    const { instances } = progress;
    if (instances === undefined || instances.length === 0) return [];
    const now = { atMs: nowMs, instances };
    // A rate over two phases is that of neither.
    if (progress.phase !== this.#ratesOf) [this.#base, this.#next] = [undefined, undefined];
    this.#ratesOf = progress.phase;
    // Counts begin with the first measured message.
    if (progress.phase === "warm-up") return liveTable(now, undefined, size);
    this.#next ??= now;
    if (nowMs - this.#next.atMs >= RATE_OVER_MS) [this.#base, this.#next] = [this.#next, now];
    return liveTable(now, this.#base ?? this.#next, size);
  }
}

/** Back to the begin of the first of `lines` lines, and all from there on gone. */
function wipe(lines: number): string {
  return lines > 1 ? `\r\x1b[${lines - 1}A\x1b[J` : "\r\x1b[J";
}

const BAR_WIDTH = 20;

function headLine(progress: Progress, elapsed: string): string {
  const share = progress.total === 0 ? 0 : Math.min(1, progress.done / progress.total);
  const full = Math.floor(share * BAR_WIDTH);
  const bar = `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}]`;
  const counts = `${formatCount(progress.done)}/${formatCount(progress.total)}`;
  const errors = progress.errors === 0 ? "" : ` · ${formatCount(progress.errors)} errors`;
  const where = progress.instance === undefined ? "" : ` ${progress.instance}`;
  return `  ${elapsed.padStart(6)}  ${progress.phase}${where} ${bar} ${
    Math.floor(share * 100)
  }% · ${counts}${errors}`;
}

function keyValues(progress: Progress, elapsed: string): string {
  const where = progress.instance === undefined ? "" : ` instance=${progress.instance}`;
  return `elapsed=${elapsed} phase=${progress.phase}${where} done=${progress.done} total=${progress.total} ` +
    `errors=${progress.errors}`;
}
