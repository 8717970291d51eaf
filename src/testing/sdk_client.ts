/** The official JavaScript client as tests use it: unchanged, with what it was told kept for looking at. */
import { Waiters } from "./waiting.ts";
import {
  Centrifuge,
  type Options,
  type PublicationContext,
  type SubscribedContext,
  type Subscription,
  type SubscriptionOptions,
  type TransportEndpoint,
} from "centrifuge";
import { Centrifuge as ProtobufCentrifuge } from "centrifuge/build/protobuf";

/** Makes a client that speaks one of the encodings. */
type MakeClient = (url: string | TransportEndpoint[], options: Partial<Options>) => Centrifuge;

const jsonClient: MakeClient = (url, options) => new Centrifuge(url, options);

/** The same client speaking Protobuf; its data are bytes. */
export const protobufClient: MakeClient = (url, options) =>
  // The two builds declare the same class twice, which the compiler takes for different ones.
  new ProtobufCentrifuge(url, options) as unknown as Centrifuge;

/** A pause after which the client tries again; short, so that a test does not wait for politeness. */
const RECONNECT = { minReconnectDelay: 50, maxReconnectDelay: 500 };
const WITHIN_MS = 10_000;

/** What a client was told about its connection: `connected`, or `connecting 3001` and `disconnected 3500` with codes. */
export type Step = string;

/** One subscription and what has arrived. */
export class SdkSubscription {
  readonly subscription: Subscription;
  readonly publications: PublicationContext[] = [];
  /** What each subscribe was answered. */
  readonly answers: SubscribedContext[] = [];
  /** `join <client>`, `leave <client>`, `subscribing <code>`, `unsubscribed <code>`. */
  readonly steps: Step[] = [];
  readonly #waiters = new Waiters();

  constructor(subscription: Subscription) {
    this.subscription = subscription;
    subscription.on("publication", (publication) => {
      this.publications.push(publication);
      this.#waiters.wake();
    });
    subscription.on("subscribed", (answer) => {
      this.answers.push(answer);
      this.#waiters.wake();
    });
    subscription.on("join", ({ info }) => this.#step(`join ${info.client}`));
    subscription.on("leave", ({ info }) => this.#step(`leave ${info.client}`));
    subscription.on("subscribing", ({ code }) => this.#step(`subscribing ${code}`));
    subscription.on("unsubscribed", ({ code }) => this.#step(`unsubscribed ${code}`));
    subscription.subscribe();
  }

  /** Data of what has arrived, in order. */
  get data(): readonly unknown[] {
    return this.publications.map((publication) => publication.data);
  }

  /** Waits until `data` holds what `isWanted` looks for; answers how many milliseconds that took. */
  received(isWanted: (data: unknown) => boolean, withinMs = WITHIN_MS): Promise<number> {
    const what = () => `a publication; there were ${JSON.stringify(this.data).slice(0, 500)}`;
    return this.#waiters.until(what, () => this.data.some(isWanted), withinMs);
  }

  /** Waits for the answer to the subscribe number `count`, counted from 1. */
  async answered(count: number, withinMs = WITHIN_MS): Promise<SubscribedContext> {
    const heard = () => `${JSON.stringify(this.answers)} and ${this.steps.join(", ")}`;
    const what = () => `subscribe number ${count}; there were ${heard()}`;
    await this.#waiters.until(what, () => this.answers.length >= count, withinMs);
    return this.answers[count - 1] as SubscribedContext; // there are as many
  }

  /** Waits for a step. */
  async step(wanted: Step, withinMs = WITHIN_MS): Promise<void> {
    const what = () => `step "${wanted}"; there were ${this.steps.join(", ")}`;
    await this.#waiters.until(what, () => this.steps.includes(wanted), withinMs);
  }

  #step(step: Step): void {
    this.steps.push(step);
    this.#waiters.wake();
  }
}

/** A client that connects at once. Disconnects when disposed of. */
export class SdkClient implements Disposable {
  readonly centrifuge: Centrifuge;
  readonly steps: Step[] = [];
  /** Client ids, one for each connection it had. */
  readonly ids: string[] = [];
  /** The transport of each connection it had. */
  readonly transports: string[] = [];
  readonly errors: number[] = [];
  readonly #waiters = new Waiters();

  constructor(url: string | TransportEndpoint[], options: Partial<Options> = {}, make = jsonClient) {
    this.centrifuge = make(url, { ...RECONNECT, timeout: 3_000, ...options });
    this.centrifuge.on("connecting", ({ code }) => this.#step(`connecting ${code}`));
    this.centrifuge.on("disconnected", ({ code }) => this.#step(`disconnected ${code}`));
    this.centrifuge.on("connected", ({ client, transport }) => {
      this.ids.push(client);
      this.transports.push(transport);
      this.#step("connected");
    });
    this.centrifuge.on("error", ({ error }) => this.errors.push(error.code));
    this.centrifuge.connect();
  }

  /** A client that has connected. */
  static async open(
    url: string | TransportEndpoint[],
    options: Partial<Options> = {},
    make = jsonClient,
  ): Promise<SdkClient> {
    const client = new SdkClient(url, options, make);
    try {
      await client.centrifuge.ready(WITHIN_MS);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /** The id of the node that it is or was last connected to; ids of clients begin with it. */
  get node(): string {
    return this.ids.at(-1)?.split(".")[0] ?? "";
  }

  /** A confirmed subscription. */
  async subscribe(
    channel: string,
    options?: Partial<SubscriptionOptions>,
  ): Promise<SdkSubscription> {
    const subscription = new SdkSubscription(this.centrifuge.newSubscription(channel, options));
    await subscription.subscription.ready(WITHIN_MS);
    return subscription;
  }

  /** Waits for a step at or after place `from` in {@linkcode steps}; answers how many milliseconds it took. */
  step(wanted: Step, from = 0, withinMs = WITHIN_MS): Promise<number> {
    const what = () => `step "${wanted}"; there were ${this.steps.slice(from).join(", ")}`;
    return this.#waiters.until(what, () => this.steps.indexOf(wanted, from) >= 0, withinMs);
  }

  [Symbol.dispose](): void {
    this.centrifuge.disconnect();
  }

  #step(step: Step): void {
    this.steps.push(step);
    this.#waiters.wake();
  }
}
