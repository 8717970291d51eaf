/**
 * As much of a WebSocket as the official SDK uses, whose frames leave at once. That of the runtime holds small frames
 * back for up to 40 ms while earlier ones are not acknowledged, and has no switch for it: then that would be measured.
 */
import { acceptOf } from "../src/core/ws_accept.ts";
import { ByteLink } from "../src/perf/engine/wire/byte_link.ts";
import { dial } from "../src/perf/engine/wire/dial.ts";
import { frame, opcodes } from "../src/perf/engine/wire/frame_writer.ts";
import { FrameReader } from "../src/perf/engine/wire/frame_reader.ts";
import { newUpgradeKey, readUpgrade, upgradeRequest } from "../src/perf/engine/wire/handshake.ts";
import { newMaskKey } from "../src/perf/engine/wire/mask.ts";

const DIAL_WITHIN_MS = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class PromptSocket {
  binaryType = "arraybuffer";
  onopen: () => void = () => {};
  onmessage: (event: { readonly data: string }) => void = () => {};
  onerror: (error: unknown) => void = () => {};
  onclose: (event: { readonly code: number; readonly reason: string }) => void = () => {};
  readonly #mask = newMaskKey();
  readonly #key = newUpgradeKey();
  readonly #frames = new FrameReader({
    onMessage: (bytes, from, to) => this.onmessage({ data: decoder.decode(bytes.subarray(from, to)) }),
    onPing: (payload) => this.#link?.send(frame(opcodes.pong, payload, this.#mask)),
    onClose: (code, reason) => this.#end(code, reason),
    onViolation: (text) => this.#end(1002, text),
  });
  #link: ByteLink | undefined;
  #isOpen = false;
  #hasEnded = false;

  constructor(url: string) {
    this.#connect(new URL(url)).catch((error) => this.#end(1006, String(error)));
  }

  send(text: string): void {
    this.#link?.send(frame(opcodes.text, encoder.encode(text), this.#mask));
  }

  close(): void {
    this.#end(1000, "");
  }

  async #connect({ hostname, port, host, pathname }: URL): Promise<void> {
    const address = { hostname, port: Number(port), isSecure: false };
    const connection = await dial(address, AbortSignal.timeout(DIAL_WITHIN_MS));
    const link = this.#link = new ByteLink(await connection.open(), {
      onBytes: (bytes, end) => this.#isOpen ? this.#frames.read(bytes, 0, end) : this.#upgraded(bytes, end),
      onEnd: (error) => this.#end(1006, String(error ?? "")),
    });
    link.start();
    link.send(encoder.encode(upgradeRequest(host, pathname, this.#key)));
  }

  #upgraded(bytes: Uint8Array, end: number): number {
    const answer = readUpgrade(bytes, end, acceptOf(this.#key));
    if (answer.kind === "more") return 0;
    if (answer.kind === "refused") {
      this.#end(1006, answer.message);
      return end;
    }
    this.#isOpen = true;
    this.onopen();
    return this.#frames.read(bytes, answer.end, end);
  }

  #end(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#link?.close();
    this.onclose({ code, reason });
  }
}
