import type { BackendListener, BackendState } from "../backend/backend.ts";

/** A message of a channel, as a {@linkcode RecordingListener} saw it. */
export interface ChannelMessage {
  readonly channel: string;
  readonly message: string;
}

/** Keeps all that a backend tells its node, and wakes a test at the event it waits for. */
export class RecordingListener implements BackendListener {
  readonly messages: ChannelMessage[] = [];
  readonly nodeMessages: string[] = [];
  readonly states: BackendState[] = [];
  readonly #checks = new Set<() => void>();

  onChannelMessage(channel: string, message: string): void {
    this.messages.push({ channel, message });
    this.#wake();
  }

  onNodeMessage(message: string): void {
    this.nodeMessages.push(message);
    this.#wake();
  }

  onState(state: BackendState): void {
    this.states.push(state);
    this.#wake();
  }

  /** Resolves at the first event after which `isMet` holds; rejects after `withinMs` with `what` in its text. */
  until(what: string, isMet: () => boolean, withinMs = 8_000): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`Waited ${withinMs} ms for ${what}: ${this.#summary()}`));
      }, withinMs);
      const check = () => {
        if (!isMet()) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
    });
  }

  /** What was received on `channel`, in order. */
  on(channel: string): string[] {
    return this.messages.filter((each) => each.channel === channel).map((each) => each.message);
  }

  #wake(): void {
    for (const check of this.#checks) check();
  }

  #summary(): string {
    const counts = `${this.messages.length} channel and ${this.nodeMessages.length} node messages`;
    return `have ${counts}, states ${this.states.join(" ") || "none"}`;
  }
}
