import type { BackendListener, BackendState } from "../backend/backend.ts";
import { Waiters } from "./waiting.ts";

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
  readonly #waiters = new Waiters();

  onChannelMessage(channel: string, message: string): void {
    this.messages.push({ channel, message });
    this.#waiters.wake();
  }

  onNodeMessage(message: string): void {
    this.nodeMessages.push(message);
    this.#waiters.wake();
  }

  onState(state: BackendState): void {
    this.states.push(state);
    this.#waiters.wake();
  }

  /** Resolves at the first event after which `isMet` holds; rejects after `withinMs` with `what` in its text. */
  async until(what: string, isMet: () => boolean, withinMs = 8_000): Promise<void> {
    await this.#waiters.until(() => `${what}: ${this.#summary()}`, isMet, withinMs);
  }

  /** What was received on `channel`, in order. */
  on(channel: string): string[] {
    return this.messages.filter((each) => each.channel === channel).map((each) => each.message);
  }

  #summary(): string {
    const counts = `${this.messages.length} channel and ${this.nodeMessages.length} node messages`;
    return `have ${counts}, states ${this.states.join(" ") || "none"}`;
  }
}
