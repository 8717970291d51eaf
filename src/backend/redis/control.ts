import { isIP } from "node:net";
// ioredis: years of care for reconnecting, TLS and scripts, for all that is not the hot path.
import { Redis } from "ioredis";
import { backoffMs, randomFraction } from "../../core/backoff.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import { ControlTraffic } from "./control_traffic.ts";
import { generationOf } from "./generation.ts";
import type { RedisKeys } from "./redis_keys.ts";
import type { RedisAddress } from "./redis_url.ts";
import { asText } from "./reply.ts";
import { type ScriptCommands, scripts } from "./scripts.ts";

const RETRY = { baseMs: 50, maxMs: 1_000 };

/** ioredis with our scripts as methods. */
export type ControlClient = Redis & ScriptCommands;

/** What the control connection has to know. */
export interface ControlOptions {
  readonly address: RedisAddress;
  readonly keys: RedisKeys;
  readonly node: NodeId;
  readonly partitions: number;
  readonly commandTimeoutMs: number;
}

/** Where the control connection stands, for the backend around it. */
export interface ControlWatcher {
  /** `isReady` or `trouble` of the connection changed. */
  onControlChange(): void;
}

/**
 * The connection for registry, counters and scripts. It is ready once it knows which Redis it talks to (the
 * generation) and that this cluster has as many partitions as this node. It never resends and queues nothing while it
 * is away: an operation fails at once, or after `commandTimeoutMs`.
 */
export class Control {
  readonly #options: ControlOptions;
  readonly #watcher: ControlWatcher;
  readonly #redis: ControlClient;
  /** What its connections have carried. */
  readonly traffic: ControlTraffic;
  #session = 0;
  #generation: string | undefined;
  #foundPartitions: number | undefined;
  #trouble: string | undefined = "not connected yet";
  #isClosed = false;

  constructor(options: ControlOptions, watcher: ControlWatcher) {
    this.#options = options;
    this.#watcher = watcher;
    this.#redis = openRedis(options);
    this.traffic = new ControlTraffic(this.#redis);
    this.#redis.on("ready", () => this.#greet());
    this.#redis.on("close", () => this.#lose());
    this.#redis.on("error", (error: Error) => this.#fail(error.message || error.name));
  }

  get isReady(): boolean {
    return this.#generation !== undefined && this.#foundPartitions === this.#options.partitions;
  }

  /** Set while this node and its cluster disagree about the number of partitions: its channels are not theirs. */
  get mismatch(): string | undefined {
    const found = this.#foundPartitions;
    if (found === undefined || found === this.#options.partitions) return undefined;
    return partitionTrouble(found, this.#options);
  }

  /** What keeps the connection from being ready. */
  get trouble(): string | undefined {
    return this.mismatch ?? this.#trouble;
  }

  /** Run id and replication id of the Redis behind this connection; they change with a restart and a failover. */
  get generation(): string {
    return this.#generation ?? "";
  }

  /** Runs commands. Rejects with a temporary {@linkcode ClientError} when Redis does not take or answer them. */
  async run<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    if (!this.isReady) throw this.#unready();
    return await this.#try(commands);
  }

  /** Like {@linkcode run}, but also while the number of partitions is wrong: what finds out that it is right again. */
  async runAnyway<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    if (this.#generation === undefined) throw this.#unready();
    return await this.#try(commands);
  }

  /** Takes the number of partitions that Redis holds. Throws when it is not this node's. */
  checkPartitions(found: string): void {
    const hasChanged = Number(found) !== this.#foundPartitions;
    this.#foundPartitions = Number(found);
    if (hasChanged) this.#watcher.onControlChange();
    if (this.mismatch !== undefined) throw new ClientError("internal", { detail: this.mismatch });
  }

  /** Ends the connection for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#trouble = "closed";
    this.#generation = undefined;
    const hasSocket = ["connecting", "connect", "ready"].includes(this.#redis.status);
    // Between two attempts there is nothing to end, and ioredis says nothing.
    if (!hasSocket) return this.#redis.disconnect();
    const ended = new Promise<void>((resolve) => this.#redis.once("end", () => resolve()));
    this.#redis.disconnect();
    await ended;
  }

  /** Learns which Redis this is, and how many partitions its cluster has. */
  async #greet(): Promise<void> {
    const session = ++this.#session;
    const { keys, partitions } = this.#options;
    try {
      const [server, replication, found] = await Promise.all([
        this.#redis.info("server"),
        this.#redis.info("replication"),
        this.#redis.shoalPartitions(keys.partitions, partitions),
        // A script that Redis does not know is sent again, and one that it knows would overtake it.
        ...Object.values(scripts).map(({ lua }) => this.#redis.script("LOAD", lua)),
      ]);
      if (session !== this.#session || this.#isClosed) return;
      this.#generation = generationOf(server, replication);
      this.#foundPartitions = Number(asText(found));
      this.#trouble = undefined;
      this.#watcher.onControlChange();
    } catch (thrown) {
      if (session !== this.#session || this.#isClosed) return;
      this.#fail(thrown instanceof Error ? thrown.message : String(thrown));
      this.#redis.disconnect(true);
    }
  }

  #lose(): void {
    this.#session++;
    this.#generation = undefined;
    if (this.#isClosed) return;
    this.#trouble ??= "connection closed";
    this.#watcher.onControlChange();
  }

  #fail(reason: string): void {
    if (this.#isClosed) return;
    this.#trouble = reason;
    this.#watcher.onControlChange();
  }

  async #try<T>(commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    try {
      return await commands(this.#redis);
    } catch (thrown) {
      if (thrown instanceof ClientError) throw thrown;
      throw new ClientError("internal", { cause: thrown });
    }
  }

  #unready(): ClientError {
    const reason = this.trouble ?? "not ready";
    return new ClientError("internal", { cause: new Error(`Redis is not available: ${reason}`) });
  }
}

function openRedis({ address, node, commandTimeoutMs }: ControlOptions): ControlClient {
  const { hostname, port, login, database, isTls } = address;
  const redis = new Redis({
    host: hostname,
    port,
    ...(login ? { username: login.user, password: login.password } : {}),
    // An address is checked against the certificate too, but may not be sent as a server name.
    ...(isTls ? { tls: isIP(hostname) ? {} : { servername: hostname } } : {}),
    db: database,
    connectionName: `shoal-${node}`,
    disableClientInfo: true,
    scripts: { ...scripts },
    commandTimeout: commandTimeoutMs,
    // A connection that swallows commands is replaced: the far end may be gone without a word.
    socketTimeout: commandTimeoutMs + 500,
    disconnectTimeout: 500,
    connectTimeout: Math.max(commandTimeoutMs, 1_000),
    // What was sent when the connection broke has an unknown outcome; the caller decides, not the client.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => backoffMs(times - 1, RETRY, randomFraction()),
  });
  // The option `scripts` has just defined these methods; ioredis cannot say so in its types.
  return redis as ControlClient;
}

function partitionTrouble(found: number, { keys, partitions }: ControlOptions): string {
  return `this cluster has ${found} partitions and this node ${partitions}; ` +
    `give every node the same number, or stop all nodes and delete the key ${keys.partitions}`;
}
