import type { Centrifuge } from "centrifuge";
import type { CallRequest } from "./call_request.ts";
import { onServiceMessage, type ServiceMessage } from "./message_router.ts";
import { ServiceError, serviceErrorOf } from "./service_error.ts";

/** More is asked for when this many items were read: half of what a stream may send at first. */
const GRANT = 32;
/** Messages that are kept while the reply with the stream's id is under way; they may overtake it here. */
const MAX_EARLY = 4_096;

/** Reads one stream, an item at a time. Calls of `next` must not overlap. */
export class ItemReader implements AsyncIterator<unknown> {
  readonly #client: Centrifuge;
  readonly #request: CallRequest;
  /** At most what was granted. */
  #items: unknown[] = [];
  #read = 0;
  #ungranted = 0;
  #id: string | undefined;
  #early: ServiceMessage[] = [];
  #failure: ServiceError | undefined;
  #hasEnded = false;
  #stopTaking: () => void = () => {};
  #wake: () => void = () => {};
  readonly #onLost = () => this.#end(new ServiceError(100, "the connection was lost", { isTemporary: true }));

  constructor(client: Centrifuge, request: CallRequest) {
    this.#client = client;
    this.#request = request;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#id === undefined && !this.#hasEnded) await this.#open();
    while (this.#read === this.#items.length && !this.#hasEnded) {
      await new Promise<void>((wake) => this.#wake = wake);
    }
    if (this.#read < this.#items.length) return { done: false, value: this.#take() };
    if (this.#failure !== undefined) throw this.#failure;
    return { done: true, value: undefined };
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#hasEnded && this.#id !== undefined) this.#say({ cancel: { id: this.#id } });
    this.#end(undefined);
    this.#items = [];
    this.#read = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  async #open(): Promise<void> {
    const client = this.#client;
    this.#stopTaking = onServiceMessage(client, (message) => this.#takeMessage(message));
    client.on("connecting", this.#onLost);
    client.on("disconnected", this.#onLost);
    try {
      const { data } = await client.rpc("services.call", { ...this.#request, stream: true });
      this.#id = String(data.call);
    } catch (error) {
      return this.#end(serviceErrorOf(error));
    }
    for (const message of this.#early.splice(0)) this.#takeMessage(message);
  }

  #takeMessage(message: ServiceMessage): boolean {
    const { kind, id, body } = message;
    if (this.#id === undefined && this.#early.length < MAX_EARLY) this.#early.push(message);
    if (id !== this.#id) return false;
    if (kind === "chunk") this.#items.push(body.value);
    else if (kind === "end") this.#end(undefined);
    else if (kind === "error") this.#end(new ServiceError(Number(body.code), String(body.message)));
    this.#wake();
    return true;
  }

  #take(): unknown {
    const value = this.#items[this.#read++];
    if (this.#read === this.#items.length) {
      this.#items = [];
      this.#read = 0;
    }
    if (++this.#ungranted >= GRANT && !this.#hasEnded) {
      this.#say({ credit: { id: this.#id, n: this.#ungranted } });
      this.#ungranted = 0;
    }
    return value;
  }

  #end(failure: ServiceError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    this.#stopTaking();
    this.#client.off("connecting", this.#onLost);
    this.#client.off("disconnected", this.#onLost);
    this.#wake();
  }

  /** What cannot be sent is of no use any more: the connection has gone, and the stream with it. */
  #say(data: unknown): void {
    this.#client.send(data).catch(() => this.#onLost());
  }
}
