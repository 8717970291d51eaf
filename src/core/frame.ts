import { joinBytes } from "./join_bytes.ts";
import { utf8Bytes, utf8Length } from "./utf8.ts";
import { bytesFrame, OPCODE, textFrame } from "./ws_frame.ts";

/** A frame larger than this leaves as several, split between lines: a peer reads none before all of it has come. */
const MAX_WIRE_FRAME_BYTES = 8 * 1024;

/** One reply or push, or several in a row: made once and shared by every connection that is owed it. */
export class Line {
  readonly text: string;
  /** Length in UTF-8 bytes, or of {@linkcode bytes}. */
  readonly size: number;
  /** The lines that it was joined from; undefined for one line. */
  readonly parts: readonly Line[] | undefined;
  /** True when the data of a publication in it is a string that holds the payload, or a difference, as text. */
  readonly isDataText: boolean;
  /** What it is in an encoding that is no text; then `text` is "". */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** The same in the other encoding; belongs to the encoder. */
  twin: Line | undefined = undefined;

  constructor(text: string, isDataText = false, bytes?: Uint8Array<ArrayBuffer>, parts?: readonly Line[]) {
    this.text = text;
    this.size = bytes?.length ?? (parts === undefined ? utf8Length(text) : joinedSize(parts));
    this.isDataText = isDataText;
    this.bytes = bytes;
    this.parts = parts;
  }

  /** `lines` as one, all of them text or none; whoever is owed them all is owed one thing. */
  static join(lines: readonly Line[]): Line {
    const isBinary = lines[0]?.bytes !== undefined;
    if (isBinary) return new Line("", false, joinBytes(bytesOf(lines)), lines);
    return new Line(joinTexts(lines), false, undefined, lines);
  }

  /** How many replies and pushes it is. */
  get count(): number {
    return this.parts?.length ?? 1;
  }

  /** A line that is no text, and tells its own length. */
  static ofBytes(bytes: Uint8Array<ArrayBuffer>): Line {
    return new Line("", false, bytes);
  }
}

/**
 * The lines that a connection is owed in one tick, as a node of a tree whose root is the empty frame. Connections
 * that are owed the same lines in the same order walk the same path, so they share one frame: its text is joined and
 * its bytes are encoded once, however many connections send it.
 *
 * Only the last branch of each node is remembered: a broadcast extends the same frame by the same line many times in
 * a row, and an older branch that is asked for again costs a join, not a mistake.
 */
export class Frame {
  /** Length in UTF-8 bytes, newlines included. */
  readonly size: number;
  /** How many lines. */
  readonly lines: number;
  /** True when its lines are no text; one frame does not hold both kinds. */
  readonly isBinary: boolean;
  readonly #parent: Frame | undefined;
  readonly #line: Line | undefined;
  #text: string | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #wire: Uint8Array<ArrayBuffer> | undefined;
  #lastLine: Line | undefined;
  #lastFrame: Frame | undefined;

  private constructor(parent: Frame | undefined, line: Line | undefined) {
    this.#parent = parent;
    this.#line = line;
    this.lines = (parent?.lines ?? 0) + (line?.count ?? 0);
    this.isBinary = line?.bytes !== undefined;
    const before = parent === undefined || parent.size === 0 ? 0 : parent.size + (this.isBinary ? 0 : 1);
    this.size = before + (line?.size ?? 0);
  }

  /** A new empty frame: the root of one tick. */
  static root(): Frame {
    return new Frame(undefined, undefined);
  }

  /** A frame of one line. */
  static of(text: string): Frame {
    return Frame.root().extend(new Line(text));
  }

  /** This frame with one line more. */
  extend(line: Line): Frame {
    if (this.#lastLine === line && this.#lastFrame !== undefined) return this.#lastFrame;
    const frame = new Frame(this, line);
    this.#lastLine = line;
    this.#lastFrame = frame;
    return frame;
  }

  /** The lines, joined by newlines. */
  get text(): string {
    return this.#text ??= this.#parent?.size ? joinTexts(this.#path()) : this.#line?.text ?? "";
  }

  /** {@linkcode text} as UTF-8, or the lines that are no text, one behind the other. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ??= this.isBinary ? joinBytes(bytesOf(this.#path())) : utf8Bytes(this.text);
  }

  /**
   * The WebSocket frame around it, text or binary, or several in a row when it is large: made once for all who are owed
   * it. Nobody may change it.
   */
  wire(): Uint8Array<ArrayBuffer> {
    return this.#wire ??= this.#makeWire();
  }

  #makeWire(): Uint8Array<ArrayBuffer> {
    if (this.size > MAX_WIRE_FRAME_BYTES && this.lines > 1) {
      return joinBytes(this.#split().map((frame) => frame.wire()));
    }
    return this.isBinary ? bytesFrame(OPCODE.binary, this.bytes()) : textFrame(this.text, this.size);
  }

  /** The same lines in frames that are not too large for the wire; a line that is too large is alone. */
  #split(): readonly Frame[] {
    const frames: Frame[] = [];
    let frame = Frame.root();
    for (const line of this.#path().flatMap((line) => line.parts ?? [line])) {
      const longer = frame.extend(line);
      const fits = longer.size <= MAX_WIRE_FRAME_BYTES || frame.lines === 0;
      if (!fits) frames.push(frame);
      frame = fits ? longer : Frame.root().extend(line);
    }
    return [...frames, frame];
  }

  /** Its lines, first one first. */
  #path(): readonly Line[] {
    const lines: Line[] = [];
    // deno-lint-ignore no-this-alias -- a walk up the tree, which may be too long for recursion
    let at: Frame | undefined = this;
    while (at !== undefined) {
      if (at.#line !== undefined) lines.push(at.#line);
      at = at.#parent;
    }
    return lines.reverse();
  }
}

function joinTexts(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join("\n");
}

/** Of lines of text, newlines included. */
function joinedSize(lines: readonly Line[]): number {
  return lines.reduce((sum, { size }) => sum + size, lines.length - 1);
}

/** Of lines that are no text. */
function bytesOf(lines: readonly Line[]): readonly Uint8Array<ArrayBuffer>[] {
  return lines.flatMap(({ bytes }) => bytes ?? []);
}
