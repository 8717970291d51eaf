import type { ClientError } from "../../core/errors.ts";
import type { Leash, OpenStream, StreamSink } from "../../server/mod.ts";

const encoder = new TextEncoder();

/** Opens a stream. */
export type OpenAt = (sink: StreamSink) => Promise<OpenStream>;

/**
 * Answers a stream as lines `{"value": ...}`, and `{"error": {code, message}}` as the last when it broke off. Rejects
 * with what went wrong before the first item. Items are granted as fast as the caller reads, so that no more than
 * `FIRST_CREDIT` of them wait here.
 */
export async function ndjsonResponse(openAt: OpenAt, leash: Leash): Promise<Response> {
  const lines = new LineQueue();
  const stream = await openAt(lines);
  leash.add(() => {
    stream.cancel();
    lines.onEnd(undefined);
  });
  await lines.some();
  if (lines.error !== undefined && lines.isEmpty) throw lines.error;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await lines.some();
      const { text, count } = lines.take();
      if (count > 0) controller.enqueue(encoder.encode(text));
      if (lines.hasEnded) return controller.close();
      stream.grant(count);
    },
    cancel: () => stream.cancel(),
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

/** Lines that wait to be read. */
class LineQueue implements StreamSink {
  #text = "";
  #count = 0;
  #hasEnded = false;
  #wake: () => void = () => {};
  error: ClientError | undefined;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  onItem(value: string): void {
    this.#text += `{"value":${value}}\n`;
    this.#count++;
    this.#wake();
  }

  onEnd(error: ClientError | undefined): void {
    this.error = error;
    this.#hasEnded = true;
    this.#wake();
  }

  /** Resolves once there is a line, or the end. */
  async some(): Promise<void> {
    if (this.#count === 0 && !this.#hasEnded) await new Promise<void>((wake) => this.#wake = wake);
  }

  /** All that waits; behind the last line why it broke off, if it did. */
  take(): { readonly text: string; readonly count: number } {
    const [items, count] = [this.#text, this.#count];
    this.#text = "";
    this.#count = 0;
    if (!this.#hasEnded || this.error === undefined) return { text: items, count };
    const { code, message } = this.error;
    return { text: `${items}${JSON.stringify({ error: { code, message } })}\n`, count: count + 1 };
  }
}
