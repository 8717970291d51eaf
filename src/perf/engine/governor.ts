/**
 * The memory governor: connecting pauses when available memory falls below one share and goes on above another, so
 * that it does not flutter; every pause is stamped, because a throttled run is another run than the one asked for.
 */
import type { GovernorOptions } from "./load_options.ts";
import type { ThrottleRow } from "./load_result.ts";

/** What is left, as a share of all, 0 to 1. */
export type MemoryProbe = () => number;

/** Decides for one process. */
export class Governor {
  readonly #options: GovernorOptions;
  readonly #probe: MemoryProbe;
  readonly #sinceBeganMs: () => number;
  readonly #rows: ThrottleRow[] = [];
  #pausedAt: { readonly fromMs: number; readonly share: number } | undefined;

  constructor(options: GovernorOptions, probe: MemoryProbe, sinceBeganMs: () => number) {
    this.#options = options;
    this.#probe = probe;
    this.#sinceBeganMs = sinceBeganMs;
  }

  /** Whether the next batch may begin; looks at the memory. */
  mayConnect(): boolean {
    const share = this.#probe();
    const { pauseBelow, resumeAbove } = this.#options;
    if (this.#pausedAt === undefined) {
      if (share >= pauseBelow) return true;
      this.#pausedAt = { fromMs: this.#sinceBeganMs(), share };
      return false;
    }
    if (share < resumeAbove) return false;
    this.#end(this.#pausedAt);
    return true;
  }

  /** Length of all pauses so far, milliseconds. */
  get pausedMs(): number {
    const ended = this.#rows.reduce((sum, row) => sum + row.toMs - row.fromMs, 0);
    return this.#pausedAt === undefined ? ended : ended + this.#sinceBeganMs() - this.#pausedAt.fromMs;
  }

  /** All pauses; one that still lasts ends now. */
  stop(): readonly ThrottleRow[] {
    if (this.#pausedAt !== undefined) this.#end(this.#pausedAt);
    return this.#rows;
  }

  #end(paused: { readonly fromMs: number; readonly share: number }): void {
    const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
    const reason = `${percent(paused.share)} of memory was available (limit ${
      percent(this.#options.pauseBelow)
    })`;
    this.#rows.push({ fromMs: paused.fromMs, toMs: this.#sinceBeganMs(), reason });
    this.#pausedAt = undefined;
  }
}

/** Available memory of the machine; all of it when the program may not look (`--allow-sys=systemMemoryInfo`). */
export function systemMemory(): number {
  try {
    const { available, total } = Deno.systemMemoryInfo();
    return total <= 0 ? 1 : available / total;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return 1;
    throw error;
  }
}
