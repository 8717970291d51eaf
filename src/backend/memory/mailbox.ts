import type { BackendListener, HistoryDone, StreamPosition } from "../backend.ts";
import type { Member, Message } from "./channel_table.ts";

/**
 * What one node is yet to be told, drained by one microtask: nothing is called inside a publish, and a publish makes
 * neither a promise nor a closure. It holds what one tick of this process published, so its bound is the senders'.
 */
export class Mailbox implements Member {
  readonly #listener: BackendListener;
  readonly #drain = () => this.#deliver();
  /** Beside `#items`: the channel of a message, undefined for a node message or a `done`. */
  #channels: (string | undefined)[] = [];
  #items: (string | HistoryDone)[] = [];
  #outcomes: (Error | StreamPosition | undefined)[] = [];
  #isOpen = true;

  constructor(listener: BackendListener) {
    this.#listener = listener;
  }

  takeChannelMessage(channel: string, message: Message): void {
    this.#put(channel, message.text, undefined);
  }

  takeNodeMessage(message: Message): void {
    this.#put(undefined, message.text, undefined);
  }

  /** Calls `done` with `outcome` after all that was put before. */
  takeDone(done: HistoryDone, outcome?: Error | StreamPosition): void {
    this.#put(undefined, done, outcome);
  }

  /** False once closed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets no more messages through; what is left to be done is still told so. */
  close(): void {
    this.#isOpen = false;
  }

  #put(
    channel: string | undefined,
    item: string | HistoryDone,
    outcome: Error | StreamPosition | undefined,
  ): void {
    if (this.#items.length === 0) queueMicrotask(this.#drain);
    this.#channels.push(channel);
    this.#items.push(item);
    this.#outcomes.push(outcome);
  }

  #deliver(): void {
    const [channels, items, outcomes] = [this.#channels, this.#items, this.#outcomes];
    [this.#channels, this.#items, this.#outcomes] = [[], [], []];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === "function") tellDone(item, outcomes[i]);
      else if (item !== undefined && this.#isOpen) this.#tell(channels[i], item);
    }
  }

  #tell(channel: string | undefined, text: string): void {
    if (channel === undefined) this.#listener.onNodeMessage(text);
    else this.#listener.onChannelMessage(channel, text);
  }
}

function tellDone(done: HistoryDone, outcome: Error | StreamPosition | undefined): void {
  if (outcome instanceof Error) done(outcome, undefined);
  else done(undefined, outcome);
}
