/** What `--json` writes to stdout, one JSON object a line: `progress` once a second, and one `result` or `error`. */
import type { Progress } from "../engine/engine.ts";
import type { Findings } from "../experiments/findings.ts";
import type { ExitCode } from "../truth/verdict.ts";
import type { TextSink } from "./progress_view.ts";
import type { RunReport } from "./run_report.ts";

const LINE_EVERY_MS = 1_000;

/** Progress for programs. Pure but for its sink. */
export class JsonProgress {
  readonly #sink: TextSink;
  readonly #monotonicMs: () => number;
  readonly #beganMs: number;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #phase = "";

  constructor(sink: TextSink, monotonicMs: () => number) {
    this.#sink = sink;
    this.#monotonicMs = monotonicMs;
    this.#beganMs = monotonicMs();
  }

  /** Takes the newest state; writes a line when a second has gone by, or the phase is another one. */
  show(progress: Progress): void {
    const nowMs = this.#monotonicMs();
    const isNew = progress.phase !== this.#phase;
    if (!isNew && nowMs - this.#writtenAtMs < LINE_EVERY_MS) return;
    this.#writtenAtMs = nowMs;
    this.#phase = progress.phase;
    const { telemetry: _, ...state } = progress;
    const elapsedMs = Math.round(nowMs - this.#beganMs);
    this.#sink.write(jsonLine({ kind: "progress", elapsedMs, ...state }));
  }

  /** Nothing to take away. */
  clear(): void {}
}

/** The end of a run: its verdict and numbers. The histograms behind them are in `run.json`, one of `files`. */
export function runLine(report: RunReport, files: readonly string[]): string {
  const { startedAt, verdict, digest, result, options: { scenario } } = report;
  return jsonLine({
    kind: "result",
    command: "run",
    startedAt,
    ...verdict,
    scenario,
    digest,
    errors: result.errors,
    files,
  });
}

/** The end of an experiment. */
export function findingsLine(findings: Findings, files: readonly string[]): string {
  const { kind: command, charts: _, ...content } = findings;
  return jsonLine({ kind: "result", command, ...content, files });
}

/** The end of a command that could not do its work. */
export function errorLine(exitCode: ExitCode, text: string): string {
  return jsonLine({ kind: "error", exitCode, text });
}

function jsonLine(content: Readonly<Record<string, unknown>> & { readonly kind: string }): string {
  return `${JSON.stringify(content)}\n`;
}
