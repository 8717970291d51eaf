/** A line of bytes that takes its time: what goes in comes out later, in order. */

/** How long each piece takes. */
export interface Delay {
  readonly latencyMs: number;
  /** Each piece takes up to this much more or less; pieces never overtake each other. */
  readonly jitterMs: number;
}

/** Bytes on the line at most; the sender then waits, as it would for a full window. */
const MAX_BYTES = 4 * 1_048_576;
const READ_BYTES = 65_536;

interface Piece {
  readonly dueMs: number;
  readonly bytes: Uint8Array;
}

/** When a piece that came at `nowMs` is due, after one that is due at `lastDueMs`. `random` is in [0, 1). */
export function dueAt(
  nowMs: number,
  lastDueMs: number,
  { latencyMs, jitterMs }: Delay,
  random: number,
): number {
  return Math.max(lastDueMs, nowMs + Math.max(0, latencyMs + (2 * random - 1) * jitterMs));
}

/** Carries bytes from `from` to `to` until one of them ends. Rejects as reading and writing do. */
export async function carryDelayed(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  delay: Delay,
  { nowMs, random }: { readonly nowMs: () => number; readonly random: () => number },
): Promise<void> {
  const line = new Line();
  const reading = (async () => {
    let lastDueMs = 0;
    for (;;) {
      const buffer = new Uint8Array(READ_BYTES);
      const count = await from.read(buffer);
      if (count === null) return line.end();
      lastDueMs = dueAt(nowMs(), lastDueMs, delay, random());
      await line.put({ dueMs: lastDueMs, bytes: buffer.subarray(0, count) });
    }
  })().finally(() => line.end());
  await Promise.all([reading, writeOut(line, to, nowMs)]);
}

async function writeOut(line: Line, to: Deno.TcpConn, nowMs: () => number): Promise<void> {
  for (;;) {
    const piece = await line.take();
    if (piece === undefined) return await to.closeWrite();
    const waitMs = piece.dueMs - nowMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    for (let at = 0; at < piece.bytes.length;) at += await to.write(piece.bytes.subarray(at));
  }
}

/** Pieces under way; one reader puts, one writer takes. */
class Line {
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  #hasEnded = false;
  #onChange = () => {};

  /** Waits while the line is full. */
  async put(piece: Piece): Promise<void> {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.length;
    this.#onChange();
    while (this.#bytes > MAX_BYTES && !this.#hasEnded) await this.#change();
  }

  /** The next piece; undefined after the last one. */
  async take(): Promise<Piece | undefined> {
    while (this.#pieces.length === 0 && !this.#hasEnded) await this.#change();
    const piece = this.#pieces.shift();
    this.#bytes -= piece?.bytes.length ?? 0;
    this.#onChange();
    return piece;
  }

  end(): void {
    this.#hasEnded = true;
    this.#onChange();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#onChange = resolve);
  }
}
