/** The clients of a drill: publishers that number what they send, and subscribers that account for it. */
import { Centrifuge, type Subscription } from "centrifuge";
import { pause, until } from "../../src/testing/processes.ts";
import { type Account, addAccounts, Leaves, Received, Sent } from "./ledger.ts";

/** How a fleet is made. */
export interface FleetOptions {
  /** WebSocket addresses; channels and their subscribers are spread over them in turn. */
  readonly addresses: readonly string[];
  /** Channel names without number, such as `durable:drill`. */
  readonly channelPrefix: string;
  readonly channels: number;
  readonly subscribersPerChannel: number;
  /** Publications a second in each channel. */
  readonly ratePerChannel: number;
  /** Characters of filling in each publication. */
  readonly payloadChars?: number;
}

/** A client that is told to try again soon; a drill measures the server, not politeness. */
const RECONNECT = { minReconnectDelay: 100, maxReconnectDelay: 1_000, timeout: 5_000 };
const RESUBSCRIBE = { minResubscribeDelay: 100, maxResubscribeDelay: 1_000 };
/** Publishing goes on in steps of this many milliseconds, by deficit. */
const STEP_MS = 10;
const OPEN_WITHIN_MS = 60_000;
/** Clients that connect at the same time while a fleet is opened. */
const OPENED_AT_ONCE = 50;

/** One client subscribed to one channel. */
export class Listener {
  readonly channel: string;
  /** Place of its node in {@linkcode FleetOptions.addresses}. */
  readonly at: number;
  readonly received: Received;
  readonly leaves = new Leaves();
  /** Client ids in the order it had them; the last is the present one. */
  readonly ids: string[] = [];
  /** When each of {@linkcode ids} was given. */
  readonly connectedAtMs: number[] = [];
  /** How long each gap took: from the loss of the subscription until it stood again, in milliseconds. */
  readonly gapsMs: number[] = [];
  /** How often a gap ended with `recovered: true`, and with false. */
  recovered = 0;
  notRecovered = 0;
  readonly centrifuge: Centrifuge;
  readonly subscription: Subscription;
  /** The last error that the client or its subscription was told. */
  lastError = "no error";
  #lostAtMs: number | undefined;

  constructor(address: string, at: number, channel: string, sent: Sent) {
    this.channel = channel;
    this.at = at;
    this.received = new Received(sent);
    this.centrifuge = new Centrifuge(address, RECONNECT);
    this.subscription = this.centrifuge.newSubscription(channel, { ...RESUBSCRIBE, joinLeave: true });
    this.#listen();
  }

  /** Resolves when subscribed for the first time. */
  async open(): Promise<void> {
    this.subscription.subscribe();
    this.centrifuge.connect();
    await this.subscription.ready(OPEN_WITHIN_MS);
  }

  get isSubscribed(): boolean {
    return this.#lostAtMs === undefined;
  }

  #listen(): void {
    const { centrifuge, subscription } = this;
    centrifuge.on("connected", ({ client }) => {
      this.ids.push(client);
      this.connectedAtMs.push(performance.now());
    });
    subscription.on("subscribing", () => this.#lostAtMs ??= performance.now());
    subscription.on("subscribed", ({ wasRecovering, recovered }) => this.#regain(wasRecovering, recovered));
    subscription.on("publication", ({ data }) => {
      this.received.receive(data.n, performance.now() - data.t);
    });
    centrifuge.on("error", ({ error }) => this.lastError = `error ${error.code} ${error.message}`);
    subscription.on("error", ({ error }) => this.lastError = `error ${error.code} ${error.message}`);
    subscription.on("unsubscribed", ({ code, reason }) => this.lastError = `unsubscribed ${code} ${reason}`);
    subscription.on("leave", ({ info }) => this.leaves.hear(info.client));
  }

  #regain(wasRecovering: boolean, hasRecovered: boolean): void {
    const isFirst = this.gapsMs.length === 0 && this.ids.length === 1 && !wasRecovering;
    if (this.#lostAtMs !== undefined && !isFirst) this.gapsMs.push(performance.now() - this.#lostAtMs);
    this.#lostAtMs = undefined;
    if (isFirst) return;
    if (wasRecovering && hasRecovered) this.recovered++;
    else {
      this.notRecovered++;
      this.received.tell();
    }
  }
}

/** One client that publishes to one channel. */
class Publisher {
  readonly sent = new Sent();
  readonly channel: string;
  readonly centrifuge: Centrifuge;
  /** Publishes without an answer yet. */
  underWay = 0;
  /** Errors that publishes were answered with, by code. */
  readonly errors = new Map<number, number>();

  readonly #filling: string;

  constructor(address: string, channel: string, payloadChars: number) {
    this.channel = channel;
    this.#filling = "x".repeat(payloadChars);
    this.centrifuge = new Centrifuge(address, RECONNECT);
  }

  publish(): void {
    const n = this.sent.next();
    this.underWay++;
    this.centrifuge.publish(this.channel, { n, t: performance.now(), filling: this.#filling }).then(
      () => this.sent.acknowledge(n),
      ({ code }) => this.errors.set(code, (this.errors.get(code) ?? 0) + 1),
    ).finally(() => this.underWay--);
  }
}

export class Fleet implements Disposable {
  readonly listeners: readonly Listener[];
  readonly #publishers: readonly Publisher[];
  readonly #ratePerChannel: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(options: FleetOptions) {
    const { addresses, channels, channelPrefix, subscribersPerChannel, ratePerChannel, payloadChars = 0 } =
      options;
    const addressOf = (at: number) => addresses[at % addresses.length] ?? "";
    const names = Array.from({ length: channels }, (_, n) => `${channelPrefix}${n}`);
    this.#ratePerChannel = ratePerChannel;
    this.#publishers = names.map((channel, n) => new Publisher(addressOf(n), channel, payloadChars));
    this.listeners = this.#publishers.flatMap(({ channel, sent }, n) =>
      Array.from({ length: subscribersPerChannel }, (_, k) => {
        const at = (n + k) % addresses.length;
        return new Listener(addressOf(at), at, channel, sent);
      })
    );
  }

  /** A fleet whose every client is connected and subscribed. */
  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      await fleet.#open();
      return fleet;
    } catch (error) {
      fleet[Symbol.dispose]();
      throw error;
    }
  }

  /** Publishes in every channel at its rate, until {@linkcode stopPublishing}. */
  startPublishing(): void {
    const startMs = performance.now();
    let done = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(
        (performance.now() - startMs) / 1_000 * this.#ratePerChannel * this.#publishers.length,
      );
      for (; done < due; done++) this.#publishers[done % this.#publishers.length]?.publish();
    }, STEP_MS);
  }

  /** Stops, and waits until each publish is answered and each delivery that is owed has come or `withinMs` is over. */
  async stopPublishing(withinMs = 15_000): Promise<void> {
    clearInterval(this.#timer);
    await until(
      "every publish is answered",
      () => this.#publishers.every(({ underWay }) => underWay === 0),
      withinMs,
    );
    const deadlineMs = performance.now() + withinMs;
    while (performance.now() < deadlineMs && !this.#isComplete()) await pause(100);
    await pause(500); // a duplicate comes after what it repeats
  }

  /** What all subscribers got. */
  account(): Account {
    return addAccounts(this.listeners.map(({ received }) => received.account()));
  }

  /** What the subscribers of each node got, by its place in the addresses. */
  accountsByNode(): ReadonlyMap<number, Account> {
    const groups = Map.groupBy(this.listeners, ({ at }) => at);
    return new Map(
      Array.from(groups, ([at, group]) => [at, addAccounts(group.map(({ received }) => received.account()))]),
    );
  }

  /** Publishes by what became of them. */
  get sent(): {
    readonly all: number;
    readonly acknowledged: number;
    readonly errors: Readonly<Record<string, number>>;
  } {
    const errors: Record<string, number> = {};
    for (const { errors: own } of this.#publishers) {
      for (const [code, times] of own) errors[code] = (errors[code] ?? 0) + times;
    }
    return {
      all: this.#publishers.reduce((sum, { sent }) => sum + sent.count, 0),
      acknowledged: this.#publishers.reduce((sum, { sent }) => sum + sent.acknowledgedCount, 0),
      errors,
    };
  }

  /** Client ids that should be present now, by channel. */
  expectedPresence(): ReadonlyMap<string, ReadonlySet<string>> {
    const groups = Map.groupBy(this.listeners, ({ channel }) => channel);
    return new Map(
      Array.from(groups, ([channel, group]) => [channel, new Set(group.map(({ ids }) => ids.at(-1) ?? ""))]),
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { centrifuge } of [...this.#publishers, ...this.listeners]) centrifuge.disconnect();
  }

  async #open(): Promise<void> {
    for (const { centrifuge } of this.#publishers) centrifuge.connect();
    await Promise.all(this.#publishers.map(({ centrifuge }) => centrifuge.ready(OPEN_WITHIN_MS)));
    for (let from = 0; from < this.listeners.length; from += OPENED_AT_ONCE) {
      await Promise.all(this.listeners.slice(from, from + OPENED_AT_ONCE).map((listener) => listener.open()));
    }
  }

  #isComplete(): boolean {
    return this.listeners.every(({ isSubscribed, received }) => isSubscribed && received.missing === 0);
  }
}
