import type { Handshake } from "../server/mod.ts";
import type { HeaderView } from "./access.ts";

/** A handshake over the headers of a request. Holds them: keep what is needed of it, not the whole. */
export class RequestHandshake implements Handshake {
  readonly remoteAddress: string;
  readonly path: string;
  readonly #search: string;
  readonly #headers: HeaderView;

  /** `search`: the query without its question mark. */
  constructor(remoteAddress: string, path: string, search: string, headers: HeaderView) {
    this.remoteAddress = remoteAddress;
    this.path = path;
    this.#search = search;
    this.#headers = headers;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#search);
  }

  header(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase()) ?? undefined;
  }
}
