import { isIP } from "node:net";
// ioredis: years of care for TLS, scripts and timeouts, for all that is not the hot path.
import { Redis } from "ioredis";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { ControlTraffic } from "./control_traffic.ts";
import { generationOf, infoTrouble } from "./generation.ts";
import { keepTrying } from "./keep_trying.ts";
import { layoutTrouble } from "./layout.ts";
import type { Locator } from "./locator.ts";
import type { RedisKeys } from "./redis_keys.ts";
import type { RedisAddress } from "./redis_url.ts";
import { refusalOf } from "./refusal.ts";
import { asText } from "./reply.ts";
import { type ScriptCommands, scriptsFor } from "./scripts.ts";

/** ioredis with our scripts as methods. */
export type ControlClient = Redis & ScriptCommands;

/** What a control connection has to know. */
export interface ControlOptions {
  readonly locator: Locator;
  readonly keys: RedisKeys;
  readonly node: NodeId;
  /** Text of the layout that this Redis must hold, or be given. */
  readonly layout: string;
  /** Scripts publish by sharded pub/sub, and the layout may lie on another server of the Cluster. */
  readonly isSharded: boolean;
  readonly commandTimeoutMs: number;
  /** Where it adds what it carries. */
  readonly traffic: { readonly controls: ControlTraffic };
}

/** Where a control connection stands, for the backend around it. */
export interface ControlWatcher {
  /** `isReady` or `trouble` of the connection changed. */
  onControlChange(control: Control): void;
  /** Redis has become a replica: who connects again should ask where the master is. */
  onDemoted(reason: Error): void;
}

/**
 * The connection to one Redis for registry, counters and scripts. It is ready once it knows which Redis it talks to
 * (the generation), and that its layout is this node's. It never resends and queues nothing while it is away: an
 * operation fails at once, or after `commandTimeoutMs`.
 */
export class Control {
  readonly #options: ControlOptions;
  readonly #watcher: ControlWatcher;
  readonly #closing = new AbortController();
  readonly #scripts: ReturnType<typeof scriptsFor>;
  readonly #running: Promise<void>;
  #redis: ControlClient | undefined;
  /** Where it goes. */
  #address: string | undefined;
  #generation: string | undefined;
  /** Undefined while unknown, and where the key lies on another server. */
  #foundLayout: string | undefined;
  /** Why Redis takes no writes at the moment. */
  #refusing: string | undefined;
  #trouble: string | undefined = "not connected yet";

  constructor(options: ControlOptions, watcher: ControlWatcher) {
    this.#options = options;
    this.#watcher = watcher;
    this.#scripts = scriptsFor(options.isSharded);
    this.#running = keepTrying(() => this.#connectOnce(), this.#closing.signal);
  }

  get isReady(): boolean {
    return this.#isUsable && this.#refusing === undefined;
  }

  /** Whether it knows its Redis, be that of use or not. */
  get isConnected(): boolean {
    return this.#generation !== undefined;
  }

  /** Set while this node and its cluster disagree about where things are: its channels are not theirs. */
  get mismatch(): string | undefined {
    if (this.#foundLayout === undefined) return undefined;
    return layoutTrouble(this.#foundLayout, this.#options.layout, this.#options.keys.partitions);
  }

  /** What keeps the connection from being ready. */
  get trouble(): string | undefined {
    return this.mismatch ?? this.#trouble ?? this.#refusing;
  }

  /** Text of the layout that this Redis must hold. */
  get layout(): string {
    return this.#options.layout;
  }

  /** Run id and replication id of the Redis behind this connection; they change with a restart and a failover. */
  get generation(): string {
    return this.#generation ?? "";
  }

  /** Runs commands. Rejects with a temporary {@linkcode ClientError} when Redis does not take or answer them. */
  async run<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    if (!this.#isUsable) throw this.#unready();
    return await this.#try(commands);
  }

  /** Like {@linkcode run}, but also while the layout is wrong: what finds out that it is right again. */
  async runAnyway<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    if (this.#generation === undefined) throw this.#unready();
    return await this.#try(commands);
  }

  /** Runs a write by which to see whether Redis takes any; readiness follows. Rejects as {@linkcode run} does. */
  async write<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    try {
      const result = await this.runAnyway(commands);
      this.#refuse(undefined);
      return result;
    } catch (thrown) {
      const message = messageOf(thrown);
      if (refusalOf(message)?.kind === "readsOnly") this.#refuse(`it takes no writes: ${message}`);
      throw thrown;
    }
  }

  /** Takes the layout that Redis holds. Throws when it is not this node's. */
  checkLayout(found: string): void {
    const hasChanged = found !== this.#foundLayout;
    this.#foundLayout = found;
    if (hasChanged) this.#watcher.onControlChange(this);
    if (this.mismatch !== undefined) throw new ClientError("internal", { detail: this.mismatch });
  }

  /** Ends the present connection, unless it goes to `address`; the next goes to where the Redis is by then. */
  renew(reason: Error, address?: string): void {
    if (address !== undefined && address === this.#address) return;
    this.#fail(reason.message);
    this.#redis?.disconnect();
  }

  /** Ends the connection for good. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#trouble = "closed";
    this.#generation = undefined;
    this.#redis?.disconnect();
    await this.#running;
  }

  get #isUsable(): boolean {
    return this.#generation !== undefined && this.mismatch === undefined;
  }

  async #connectOnce(): Promise<boolean> {
    let wasReady = false;
    try {
      const address = await this.#options.locator.locate(this.#closing.signal);
      if (this.#closing.signal.aborted) return false;
      this.#address = address.text;
      const redis = this.#redis = openRedis(address, this.#options, this.#scripts);
      this.#options.traffic.controls.watch(redis);
      const ended = new Promise<void>((resolve) => redis.once("end", () => resolve()));
      redis.on("error", (error: Error) => this.#fail(error.message || error.name));
      redis.once("ready", () => this.#greet(redis).then((isWelcome) => wasReady = isWelcome));
      await ended;
    } catch (thrown) {
      this.#fail(messageOf(thrown));
    }
    this.#lose();
    return wasReady;
  }

  /** Learns which Redis this is, and the layout of its cluster. */
  async #greet(redis: ControlClient): Promise<boolean> {
    try {
      const sections = ["server", "replication", "memory"];
      const [server = "", ...others] = await Promise.all(sections.map((section) => redis.info(section)));
      const trouble = infoTrouble(...others);
      if (trouble !== undefined) throw new Error(trouble);
      const [layout] = await Promise.all([
        this.#readLayout(redis),
        // A script that Redis does not know is sent again, and one that it knows would overtake it.
        ...Object.values(this.#scripts).map(({ lua }) => redis.script("LOAD", lua)),
      ]);
      if (redis !== this.#redis || this.#closing.signal.aborted) return false;
      this.#generation = generationOf(server, others.join("\n"));
      this.#foundLayout = layout;
      this.#trouble = this.#refusing = undefined;
      this.#watcher.onControlChange(this);
      return true;
    } catch (thrown) {
      if (redis === this.#redis) this.renew(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return false;
    }
  }

  async #readLayout(redis: ControlClient): Promise<string | undefined> {
    const { keys, layout, isSharded } = this.#options;
    try {
      return asText(await redis.shoalPartitions(keys.partitions, layout));
    } catch (thrown) {
      const refusal = refusalOf(messageOf(thrown));
      // The beat, which goes to where the key is, compares it too.
      if (isSharded && (refusal?.kind === "moved" || refusal?.kind === "unsettled")) return undefined;
      // A full Redis says so later, when the first beat fails; until then it serves readers.
      if (refusal?.kind === "readsOnly") return await redis.get(keys.partitions) ?? undefined;
      if (refusal?.kind !== "moved") throw thrown;
      throw new Error("it belongs to a Redis Cluster; set redis_cluster in place of its URL");
    }
  }

  #lose(): void {
    this.#redis = undefined;
    this.#generation = undefined;
    if (this.#closing.signal.aborted) return;
    this.#trouble ??= "connection closed";
    this.#watcher.onControlChange(this);
  }

  #fail(reason: string): void {
    if (this.#closing.signal.aborted) return;
    this.#trouble = reason;
    this.#watcher.onControlChange(this);
  }

  #refuse(reason: string | undefined): void {
    if (this.#refusing === reason) return;
    this.#refusing = reason;
    this.#watcher.onControlChange(this);
  }

  async #try<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    const redis = this.#redis;
    if (redis === undefined) throw this.#unready();
    try {
      return await commands(redis);
    } catch (thrown) {
      if (refusalOf(messageOf(thrown))?.kind === "demoted") {
        this.#watcher.onDemoted(new Error("it has become a replica"));
      }
      if (thrown instanceof ClientError) throw thrown;
      throw new ClientError("internal", { cause: thrown });
    }
  }

  #unready(): ClientError {
    const reason = this.trouble ?? "not ready";
    return new ClientError("internal", { cause: new Error(`Redis is not available: ${reason}`) });
  }
}

/** The words of Redis, which an error of ours has as its cause. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof ClientError && thrown.cause !== undefined) return messageOf(thrown.cause);
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
}

function openRedis(
  { hostname, port, login, database, isTls, caCerts }: RedisAddress,
  { node, commandTimeoutMs }: ControlOptions,
  scripts: ReturnType<typeof scriptsFor>,
): ControlClient {
  const ca = caCerts.length === 0 ? {} : { ca: [...caCerts] };
  const redis = new Redis({
    host: hostname,
    port,
    ...(login ? { username: login.user, password: login.password } : {}),
    // An address is checked against the certificate too, but may not be sent as a server name.
    ...(isTls ? { tls: isIP(hostname) ? ca : { ...ca, servername: hostname } } : {}),
    db: database,
    connectionName: `shoal-${node}`,
    disableClientInfo: true,
    scripts,
    commandTimeout: commandTimeoutMs,
    // A connection that swallows commands is replaced: the far end may be gone without a word.
    socketTimeout: commandTimeoutMs + 500,
    disconnectTimeout: 500,
    connectTimeout: Math.max(commandTimeoutMs, 1_000),
    // What was sent when the connection broke has an unknown outcome; the caller decides, not the client.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    // Each attempt asks anew where the Redis is.
    retryStrategy: () => null,
  });
  // The option `scripts` has just defined these methods; ioredis cannot say so in its types.
  return redis as ControlClient;
}
