import type { ParsedHead } from "./http_head.ts";

/** Tells once that a peer is gone. The signal is made when somebody asks for it: most handlers never do. */
export class PeerGone {
  #controller: AbortController | undefined;
  #onGone: (() => void) | undefined;
  isGone = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isGone) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Calls `onGone` once, at once when the peer is gone already. There is one listener at most. */
  whenTold(onGone: () => void): void {
    if (this.isGone) onGone();
    else this.#onGone = onGone;
  }

  /** Calls nobody any more. */
  forget(): void {
    this.#onGone = undefined;
  }

  tell(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#controller?.abort();
    this.#onGone?.();
  }
}

/** A web Request whose signal is made when somebody asks for it: a Request that is given one costs twice as much. */
class PeerRequest extends Request {
  readonly #gone: PeerGone;

  constructor(url: string, init: RequestInit, gone: PeerGone) {
    super(url, init);
    this.#gone = gone;
  }

  override get signal(): AbortSignal {
    return this.#gone.signal;
  }
}

/** The request for the router. Undefined when Host and target make no URL, or its method has no Request. */
export function toRequest(
  { method, target, headers }: ParsedHead,
  body: Uint8Array<ArrayBuffer> | undefined,
  gone: PeerGone,
): Request | undefined {
  // Without a host the first segment of the target would pass for one.
  const url = `http://${headers.get("host") || "localhost"}${target}`;
  const isBodied = body !== undefined && method !== "GET" && method !== "HEAD";
  const init = { method, headers: entries(headers.pairs) };
  try {
    return new PeerRequest(url, isBodied ? { ...init, body } : init, gone);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function entries(pairs: readonly string[]): [string, string][] {
  const entries: [string, string][] = [];
  for (let at = 0; at < pairs.length; at += 2) entries.push([pairs[at] ?? "", pairs[at + 1] ?? ""]);
  return entries;
}
