/** What a terminal is given: colours, and lines no longer than it is wide. */
// picocolors: colour codes in one tiny file, without a look at the environment that we do not ask for.
import pc from "picocolors";
import type { TextSink } from "../reports/progress_view.ts";
import { type Palette, plainPalette } from "../reports/summary.ts";

/** Colours for a terminal that wants them. */
export function paletteFor(sink: TextSink): Palette {
  const isWanted = sink.isTerminal && (Deno.env.get("NO_COLOR") ?? "") === "" &&
    Deno.env.get("TERM") !== "dumb";
  return isWanted ? pc.createColors(true) : plainPalette;
}

/** How wide `sink` is, when it is a terminal. */
export function columnsOf(sink: TextSink): number | undefined {
  return sink.isTerminal ? sink.size?.().columns : undefined;
}
