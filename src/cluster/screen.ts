/** Where a cluster's lines and its table go: one writer, bounded, that never blocks the process. */
import { windowSizeOf } from "../core/window_size.ts";
import { withoutControls } from "./lines.ts";
import { type NodeView, renderTable, type ShownState, type TableSize } from "./table.ts";

/** What a screen needs of its output. */
export interface ScreenTarget {
  /** Writes some of `bytes` and answers how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Size of the terminal; undefined when the output is none, and then there is no table. */
  size(): TableSize | undefined;
  readonly hasColour: boolean;
  /** True where the supervisor's own lines begin with the time: nodes tell it themselves. */
  readonly hasTimes?: boolean;
}

/** The process's stdout. Colour only on a terminal and without `NO_COLOR`. */
export function stdoutTarget(): ScreenTarget {
  const isTerminal = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
  return {
    write: (bytes) => Deno.stdout.write(bytes),
    size: () => isTerminal ? terminalSize() : undefined,
    hasColour: isTerminal && (Deno.env.get("NO_COLOR") ?? "") === "",
  };
}

function terminalSize(): TableSize | undefined {
  try {
    return windowSizeOf(Deno.consoleSize());
  } catch {
    // The terminal was closed under us, which SIGHUP tells too.
    return undefined;
  }
}

const MAX_PENDING_CHARS = 262_144;
const GATHER_MS = 50;
const CLOSE_WITHIN_MS = 1_000;
const encoder = new TextEncoder();

/**
 * Writes lines, and on a terminal keeps a table below them. Writing goes on in the background: the supervisor may be
 * the hub of its nodes, and a reader that stands still must not stop them. Lines that find no room are counted.
 */
export class Screen {
  readonly #target: ScreenTarget;
  #pending: string[] = [];
  #pendingChars = 0;
  #dropped = 0;
  #table: { readonly title: string; readonly views: readonly NodeView[] } | undefined;
  #isTableStale = false;
  #tableHeight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #isGone = false;

  constructor(target: ScreenTarget) {
    this.#target = target;
  }

  /** Writes one line, or several joined by newlines. */
  print(text: string): void {
    for (const line of text.split("\n")) this.#push(line);
    this.#schedule();
  }

  /** Writes a line of the supervisor's own. */
  say(text: string): void {
    const time = this.#target.hasTimes ? `${new Date().toISOString()} ` : "";
    this.print(text.split("\n").map((line) => `shoal | ${time}${line}`).join("\n"));
  }

  /** Writes a line of the node on `port`. */
  log(port: number, line: string): void {
    this.print(`${port.toString().padEnd(5)} | ${withoutControls(line)}`);
  }

  /** Shows the table from now on; without a terminal nothing happens. */
  showTable(title: string, views: readonly NodeView[]): void {
    if (this.#target.size() === undefined) return;
    this.#table = { title, views };
    this.#isTableStale = true;
    this.#schedule();
  }

  /** Writes what is left, for at most 1 s. The table stays as it was last. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const deadline = performance.now() + CLOSE_WITHIN_MS;
    this.#flush();
    while (this.#writing !== undefined && performance.now() < deadline) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_WITHIN_MS));
      await Promise.race([this.#writing, timeout]);
      clearTimeout(timer);
    }
  }

  #push(line: string): void {
    if (this.#isGone) return;
    if (this.#pendingChars + line.length > MAX_PENDING_CHARS) {
      this.#dropped++;
      return;
    }
    this.#pending.push(line);
    this.#pendingChars += line.length + 1;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, GATHER_MS);
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#isGone) return;
    if (this.#pending.length === 0 && !this.#isTableStale) return;
    this.#writing = this.#writeAll(encoder.encode(this.#takeFrame())).then(() => {
      this.#writing = undefined;
      this.#flush();
    });
  }

  #takeFrame(): string {
    const lines = this.#pending;
    if (this.#dropped > 0) lines.push(`shoal | ${this.#dropped} lines left out: the output is too slow`);
    this.#pending = [];
    this.#pendingChars = 0;
    this.#dropped = 0;
    this.#isTableStale = false;
    const table = this.#renderTable();
    const frame = composeFrame(lines, table, this.#tableHeight);
    this.#tableHeight = table.length;
    return frame;
  }

  #renderTable(): readonly string[] {
    const size = this.#target.size();
    if (size === undefined || this.#table === undefined) return [];
    const { title, views } = this.#table;
    // One row less than there are: the cursor stands below the table.
    const rows = renderTable(views, { columns: size.columns, rows: size.rows - 3 }, this.#paint);
    return ["", title.slice(0, size.columns), ...rows].slice(0, Math.max(0, size.rows - 1));
  }

  readonly #paint = (state: ShownState, text: string): string => {
    return this.#target.hasColour ? `\x1b[${COLOURS[state]}m${text}\x1b[0m` : text;
  };

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) done += await this.#target.write(bytes.subarray(done));
    } catch {
      // The reader or the terminal is gone (EPIPE, EIO). The cluster has its own ends and goes on without words.
      this.#isGone = true;
    }
  }
}

const COLOURS: Readonly<Record<ShownState, number>> = {
  starting: 33,
  ready: 32,
  unready: 31,
  draining: 33,
  backoff: 31,
  stopped: 90,
};

/**
 * What to write so that `lines` stand above `table`, where a table of `oldHeight` lines stood before: goes up to its
 * first line, clears to the end of the screen, writes both. All in one piece, so that nothing flickers.
 */
export function composeFrame(lines: readonly string[], table: readonly string[], oldHeight: number): string {
  const clear = oldHeight > 0 ? `\r\x1b[${oldHeight}A\x1b[J` : "";
  return clear + [...lines, ...table].map((line) => `${line}\n`).join("");
}
