import type { BackendListener, PublishDone } from "../backend.ts";
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
  #items: (string | PublishDone)[] = [];
  #errors: (Error | undefined)[] = [];
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

  /** Calls `done` after all that was put before. */
  takeDone(done: PublishDone, error?: Error): void {
    this.#put(undefined, done, error);
  }

  /** Lets no more messages through; what is left to be done is still told so. */
  close(): void {
    this.#isOpen = false;
  }

  #put(channel: string | undefined, item: string | PublishDone, error: Error | undefined): void {
    if (this.#items.length === 0) queueMicrotask(this.#drain);
    this.#channels.push(channel);
    this.#items.push(item);
    this.#errors.push(error);
  }

  #deliver(): void {
    const [channels, items, errors] = [this.#channels, this.#items, this.#errors];
    [this.#channels, this.#items, this.#errors] = [[], [], []];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === "function") item(errors[i]);
      else if (item !== undefined && this.#isOpen) this.#tell(channels[i], item);
    }
  }

  #tell(channel: string | undefined, text: string): void {
    if (channel === undefined) this.#listener.onNodeMessage(text);
    else this.#listener.onChannelMessage(channel, text);
  }
}
