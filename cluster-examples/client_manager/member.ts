/** One client of the pool: the official SDK, in one channel, counting what goes through it. */
import { Centrifuge, type Subscription } from "centrifuge";

/** Counts over the life of the process, shared by all members: what a closed client did stays counted. */
export interface Traffic {
  sent: number;
  received: number;
  errors: number;
}

/** One client as others see it. */
export interface MemberView {
  readonly id: number;
  readonly node: string;
  readonly channel: string;
  readonly state: "open" | "connecting";
  readonly sent: number;
  readonly received: number;
}

/** What a member needs to know. */
export interface MemberOptions {
  readonly id: number;
  /** `host:port`. */
  readonly node: string;
  readonly channel: string;
  readonly traffic: Traffic;
  /** Called once, when the member has ended, whoever ended it. */
  readonly onEnd: () => void;
}

/** Connects at once, comes back by itself after a loss, and ends when it or the server wants it. */
export class Member {
  readonly #options: MemberOptions;
  readonly #client: Centrifuge;
  readonly #subscription: Subscription;
  #refusal: { readonly code: number; readonly message: string } | undefined;
  #sent = 0;
  #received = 0;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#client = new Centrifuge(`ws://${options.node}/connection/websocket`, { name: "manager" });
    this.#subscription = this.#client.newSubscription(options.channel);
    this.#watch(options);
    this.#subscription.subscribe();
    this.#client.connect();
  }

  get isOpen(): boolean {
    return this.#subscription.state === "subscribed";
  }

  view(): MemberView {
    const { id, node, channel } = this.#options;
    const state = this.isOpen ? "open" : "connecting";
    return { id, node, channel, state, sent: this.#sent, received: this.#received };
  }

  /** Resolves when it is subscribed; rejects with `{ code, message }` when it ended, or is not within `withinMs`. */
  async ready(withinMs: number): Promise<void> {
    try {
      await this.#subscription.ready(withinMs);
    } catch (error) {
      throw this.#refusal ?? error;
    }
  }

  /** Publishes into its channel. Rejects when the node refuses, or after five seconds without a connection. */
  async publish(data: unknown): Promise<void> {
    try {
      await this.#subscription.publish(data);
    } catch (error) {
      this.#options.traffic.errors++;
      throw error;
    }
    this.#sent++;
    this.#options.traffic.sent++;
  }

  /** Idempotent. */
  close(): void {
    this.#client.disconnect();
  }

  #watch({ traffic, onEnd }: MemberOptions): void {
    this.#subscription.on("publication", () => {
      this.#received++;
      traffic.received++;
    });
    this.#client.on("error", () => traffic.errors++);
    this.#subscription.on("error", () => traffic.errors++);
    // Neither is of use without the other, and who waits for the subscription hears of its end only from itself.
    this.#subscription.on("unsubscribed", (end) => {
      this.#noteEnd(end.code, end.reason);
      this.#client.disconnect();
    });
    this.#client.on("disconnected", (end) => {
      this.#noteEnd(end.code, end.reason);
      this.#subscription.unsubscribe();
      onEnd();
    });
  }

  /** Code 0 is an end of our own; with any other the server does not want it back. */
  #noteEnd(code: number, message: string): void {
    if (code === 0) return;
    this.#options.traffic.errors++;
    this.#refusal ??= { code, message };
  }
}
