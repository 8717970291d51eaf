import type { NodeId } from "../../core/ids.ts";
import type { Bus, PublishDone, Receivers } from "../backend.ts";
import { Kind } from "./frame.ts";
import type { HubLink } from "./hub_link.ts";

interface Want {
  isConfirmed: boolean;
  /** Unset after a failure, so that the next call asks again. */
  confirmation: Promise<void> | undefined;
}

const CONFIRMED = Promise.resolve();

/** {@linkcode Bus} over a link. The link keeps the order of frames, so the hub ends up where the last call wanted it. */
export class HubBus implements Bus {
  readonly #link: HubLink;
  readonly #wants = new Map<string, Want>();
  #confirmed = 0;

  constructor(link: HubLink) {
    this.#link = link;
  }

  publish(channel: string, message: string, done: PublishDone): void {
    this.#link.publish(Kind.publish, channel, message, done);
  }

  subscribe(channel: string): Promise<void> {
    let want = this.#wants.get(channel);
    if (!want) this.#wants.set(channel, want = { isConfirmed: false, confirmation: undefined });
    return want.confirmation ??= this.#ask(channel, want);
  }

  unsubscribe(channel: string): void {
    const want = this.#wants.get(channel);
    if (!want) return;
    this.#wants.delete(channel);
    if (want.isConfirmed) this.#confirmed--;
    this.#link.tell(Kind.unsubscribe, channel);
  }

  async sendToNode(node: NodeId, message: string): Promise<Receivers> {
    return Number(await this.#link.request(Kind.toNode, node, message));
  }

  async sendToChannel(channel: string, message: string): Promise<Receivers> {
    return Number(await this.#link.request(Kind.toChannel, channel, message));
  }

  async sendToAll(message: string): Promise<void> {
    await this.#link.request(Kind.toAll, "", message);
  }

  subscriptions() {
    return { desired: this.#wants.size, confirmed: this.#confirmed };
  }

  /** Whether a message of `channel` is still wanted; one that was under way at an unsubscribe is not. */
  wants(channel: string): boolean {
    return this.#wants.has(channel);
  }

  /** Nothing is confirmed any more: the link has ended. */
  onEnd(): void {
    this.#confirmed = 0;
    for (const want of this.#wants.values()) {
      want.isConfirmed = false;
      want.confirmation = undefined;
    }
  }

  async #ask(channel: string, want: Want): Promise<void> {
    try {
      await this.#link.request(Kind.subscribe, channel);
    } catch (error) {
      want.confirmation = undefined;
      throw error;
    }
    this.#confirm(channel, want);
  }

  #confirm(channel: string, want: Want): void {
    if (this.#wants.get(channel) !== want || want.isConfirmed || this.#link.state === "closed") return;
    want.isConfirmed = true;
    want.confirmation = CONFIRMED;
    this.#confirmed++;
  }
}
