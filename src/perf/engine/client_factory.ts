/** Makes the clients of a run: which target, which local address, which dialect, which subscriptions. */
import type { Clock } from "../../core/clock.ts";
import { addressOf } from "../targets/target.ts";
import { Client, processMask } from "./client.ts";
import type { ClientListener } from "./virtual_client.ts";
import type { Dialect, Operation } from "./dialect/dialect.ts";
import { HttpDialect } from "./dialect/http.ts";
import { PlainDialect } from "./dialect/plain.ts";
import { ShoalDialect } from "./dialect/shoal.ts";
import type { LoadOptions } from "./load_options.ts";
import type { PayloadPool } from "./payload_pool.ts";
import type { Routing } from "./routing.ts";
import { channelPrefix } from "./seed.ts";
import type { MessageTemplate } from "./template.ts";
import type { DialAddress } from "./wire/dial.ts";

/** Connection `c` goes to target `c mod targets` and leaves from source address `c mod addresses`. */
export class ClientFactory {
  readonly #options: LoadOptions;
  readonly #routing: Routing;
  readonly #listener: ClientListener;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #addresses: readonly DialAddress[];
  /** One per target: the path and host of an HTTP request are part of its bytes. */
  readonly #dialects: readonly Dialect[];

  constructor(
    options: LoadOptions,
    routing: Routing,
    payloads: PayloadPool,
    listener: ClientListener,
    clock: Clock,
  ) {
    this.#options = options;
    this.#routing = routing;
    this.#listener = listener;
    this.#clock = clock;
    this.#prefix = `${channelPrefix(options.seed)}_`;
    this.#addresses = options.targets.map(addressOf);
    const shared = options.scenario.speech.kind === "http" ? undefined : this.#newDialect(0, payloads);
    this.#dialects = options.targets.map((_, at) => shared ?? this.#newDialect(at, payloads));
  }

  /** A new client for `connection`, not connected yet. */
  make(connection: number): Client {
    const { targets, sourceIps, scenario } = this.#options;
    const target = connection % targets.length;
    const address = this.#addresses[target];
    const where = targets[target];
    if (address === undefined || where === undefined) throw new RangeError("No targets");
    const sourceIp = sourceIps[Math.floor(connection / targets.length) % Math.max(1, sourceIps.length)];
    const url = new URL(where.wsUrl);
    return new Client({
      address: { ...address, sourceIp },
      path: scenario.speech.kind === "shoal" ? `${url.pathname}${url.search}` : where.path,
      host: where.instance,
      target,
      index: connection,
      channels: this.#routing.channelsOf(connection).map((channel) => this.#nameOf(channel)),
      dialect: this.#dialectOf(target),
      listener: this.#listener,
      clock: this.#clock,
    });
  }

  /** The prepared bytes of a message on `client`. */
  template(client: Client, operation: Operation, size: number): MessageTemplate {
    return this.#dialectOf(client.target).template(operation, size);
  }

  /** Message `index` has left on `client`. */
  noteSent(client: Client, index: number): void {
    this.#dialectOf(client.target).noteSent(client, index);
  }

  #nameOf(channel: number): string {
    return `${this.#prefix}${String(channel).padStart(6, "0")}`;
  }

  #dialectOf(target: number): Dialect {
    const dialect = this.#dialects[target];
    if (dialect === undefined) throw new RangeError(`No target ${target}`);
    return dialect;
  }

  #newDialect(at: number, pool: PayloadPool): Dialect {
    const { scenario, targets } = this.#options;
    const { speech, pattern } = scenario;
    switch (speech.kind) {
      case "shoal": {
        const method = pattern.kind === "rpc" ? pattern.method : "echo";
        return new ShoalDialect({ method, channelPrefix: this.#prefix, pool, key: processMask });
      }
      case "plain":
        return new PlainDialect({ ...speech, pool, key: processMask });
      case "http": {
        const { path = "/", instance: host = "" } = targets[at] ?? {};
        return new HttpDialect({ ...speech, path, host, pool });
      }
    }
  }
}
