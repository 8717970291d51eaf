/** Whether a terminal gets colours. */
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
