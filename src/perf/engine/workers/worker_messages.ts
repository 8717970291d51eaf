/** What coordinator and workers say to each other: JSON, one message a line, over the worker's stdin and stdout. */
import type { ErrorRow } from "../../truth/error_classes.ts";
import type { Progress } from "../engine.ts";
import type { LoadOptions } from "../load_options.ts";
import type { TrafficOutcome } from "../traffic.ts";

/** To a worker. The end of its stdin means the same as `stop`, so that it never outlives its coordinator. */
export type ToWorker =
  | { readonly kind: "run"; readonly options: LoadOptions; readonly phaseMs: number }
  /** All workers are connected: begin to send. */
  | { readonly kind: "go" }
  | { readonly kind: "stop" };

/** From a worker. */
export type FromWorker =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "standing" }
  | { readonly kind: "result"; readonly outcome: TrafficOutcome; readonly errors: readonly ErrorRow[] };

/** A line longer than this is no message of ours, characters: a long run's result with all its histograms fits. */
const MAX_LINE_CHARS = 512 * 1_048_576;

/** The messages on `stream`, in order. Both ends are this program, so a line that does not parse is a fault of ours. */
export async function* readMessages<T>(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<T> {
  let parts: string[] = [];
  let chars = 0;
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = text.split("\n");
    for (const line of lines.slice(0, -1)) {
      yield JSON.parse(parts.join("") + line);
      [parts, chars] = [[], 0];
    }
    const rest = lines.at(-1) ?? "";
    chars += rest.length;
    if (chars > MAX_LINE_CHARS) throw new RangeError("a message between generator processes is too long");
    if (rest !== "") parts.push(rest);
  }
}

/** One message as a line. */
export function messageLine(message: ToWorker | FromWorker): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(message)}\n`);
}
