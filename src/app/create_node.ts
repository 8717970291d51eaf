/** A node as an application gets it: configured, listening, ready to be built upon. */
import type { BackendFactory, StreamPosition } from "../backend/backend.ts";
import { type Config, configOf, type ConfigOptions, connectionLimit, isOpenMode } from "../config/mod.ts";
import { systemClock } from "../core/clock.ts";
import { parseIpRange } from "../core/ip_address.ts";
import type { Logger } from "../core/log.ts";
import type { LogLevel } from "../core/log_gate.ts";
import { VERSION } from "../core/version.ts";
import { SUBPROTOCOLS } from "../protocol/codec.ts";
import {
  type Administration,
  createHttpApp,
  defaultHttpLimits,
  hasRight,
  type HealthReport,
  type HttpServer,
  isLocal,
  type NodeView,
  serveHttp,
} from "../http/mod.ts";
import {
  ApiKeys,
  type App,
  counter,
  echo,
  type Hooks,
  Node,
  type NodeEnd,
  type NodeHandlers,
  type PublishOptions,
  type RpcCaller,
  type RpcHandler,
  ServerApi,
  ServiceGate,
  sha256,
  type SurveyResult,
} from "../server/mod.ts";
import { chooseBackend, type HubLocation } from "./backends.ts";
import { consoleLogger } from "./console_log.ts";
import { setLogLevel } from "./log_level.ts";
import { onSignals } from "./signals.ts";
import { viewOf } from "./node_view.ts";

/** How long the last clients may take to answer their close. */
const CLOSES_WITHIN_MS = 500;

/**
 * What an application adds to a node. A hook in TypeScript (`onConnect` and its like) takes the place of the one over
 * HTTP for the same event.
 */
export interface NodeExtensions extends Hooks {
  /** Plain WebSocket apps by name, beside the built-in `echo`, `sha256` and `counter`. */
  readonly apps?: Readonly<Record<string, App>>;
  /** Methods that clients may call by `rpc`, beside the built-in `echo` and `time`. */
  readonly rpc?: Readonly<Record<string, RpcHandler>>;
  /** Takes what clients `send` without wanting an answer. Must not throw. */
  readonly onMessage?: (data: unknown, from: RpcCaller) => void;
  /** Takes what another node of the application, or this one, sent by `sendTo` or `broadcast`; what it throws, the
   * sender of a `sendTo` sees as an error. */
  readonly onNodeMessage?: NodeHandlers["onNodeMessage"];
  /** Answers a `survey` of a node with any value that JSON can say. */
  readonly onSurvey?: NodeHandlers["onSurvey"];
  /** A backend of your own; by default the one that the configuration asks for. */
  readonly backend?: BackendFactory;
  /** Where the node logs; by default to standard output. */
  readonly log?: Logger;
}

/** Configuration and extensions of {@linkcode createNode}. */
export interface NodeCreation extends ConfigOptions, NodeExtensions {}

/** A node that listens. */
export interface ShoalNode extends AsyncDisposable {
  /** Names this generation of the node. */
  readonly id: string;
  /** `host:port` of its own listener. */
  readonly address: string;
  /** WebSocket URL for clients. */
  readonly url: string;
  /** Resolves when the node is ready for clients for the first time; never, when it ends before that. */
  readonly ready: Promise<void>;
  /** Resolves when the node has ended, whoever asked for it. */
  readonly ended: Promise<NodeEnd>;
  /** Publishes any JSON value. Resolves when the backend took it, with its position where the channel has history;
   * rejects with a `ClientError` (100) otherwise. Safe to call concurrently; calls for one channel are delivered in
   * order. */
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<StreamPosition | undefined>;
  /** Hands `data`, any JSON value, to `onNodeMessage` of one node. Resolves once that has taken it; rejects with a
   * `ClientError`: 408 when there was no answer in time (then it may or may not have been taken), 410 when nobody has
   * that id, 104 when that node has no `onNodeMessage`, 100 when its handler threw or the backend is away. */
  sendTo(node: string, data: unknown): Promise<void>;
  /** Hands `data` to `onNodeMessage` of every node, this one included. Resolves when the backend took it, which does
   * not say who got it: ask by {@linkcode survey} where that matters. */
  broadcast(data: unknown): Promise<void>;
  /** Asks `onSurvey` of every live node, this one included, and waits for all, at most `timeoutMs` (default 2000). Names
   * who answered what, and who did not and why. Rejects (100) only when the backend cannot name the live nodes. */
  survey(question: unknown, options?: { readonly timeoutMs?: number }): Promise<SurveyResult>;
  /** What `GET /health` answers. */
  health(): HealthReport;
  /** The lowest level that is logged; may be changed at any time. Setting it throws `TypeError` for a node that logs to
   * a logger of the application's own. */
  logLevel: LogLevel | undefined;
  /** Asks clients to reconnect elsewhere, at a pace, and takes no new ones. Resolves when all are gone. */
  drain(): Promise<void>;
  /** Drains and ends the node at SIGTERM, SIGINT or SIGHUP, and ends it at once when one comes again later. */
  endOnSignals(): void;
  /** Ends the node; what is still connected is closed at once. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a node. Resolves when it listens, which is before its backend is ready: `GET /health/ready` tells.
 * Throws `ConfigError` naming every fault of `creation`, or an `Error` when a port cannot be had.
 */
export async function createNode(creation: NodeCreation = {}): Promise<ShoalNode> {
  const { hooks, rest } = splitHooks(creation);
  const { apps, rpc, onMessage, onNodeMessage, onSurvey, backend, log, ...options } = rest;
  const extensions = Object.fromEntries(
    Object.entries({ ...hooks, apps, rpc, onMessage, onNodeMessage, onSurvey, backend, log }).filter((
      [, value],
    ) => value !== undefined),
  );
  return await openNode(configOf(options), extensions);
}

/** What a supervisor tells its node. */
export interface Supervised {
  /** Where it serves the embedded hub. */
  readonly hub?: HubLocation | undefined;
  /** True when it vouches for the node's port, so that a successor may be started beside the node. */
  readonly mayOverlap?: boolean;
}

/** What of `given` are hooks, and all else. */
function splitHooks<T extends Hooks>(
  given: T,
): { readonly hooks: Hooks; readonly rest: Omit<T, keyof Hooks> } {
  const { onConnect, onRefresh, onSubscribe, onPublish, onRpc, onDisconnect, isFunctionVisible, ...rest } =
    given;
  return {
    hooks: { onConnect, onRefresh, onSubscribe, onPublish, onRpc, onDisconnect, isFunctionVisible },
    rest,
  };
}

/** {@linkcode createNode} for a configuration that is resolved already. */
export async function openNode(
  config: Config,
  extensions: NodeExtensions = {},
  { hub, mayOverlap = false }: Supervised = {},
): Promise<ShoalNode> {
  const log = extensions.log ?? consoleLogger(config);
  const node = new Node({
    settings: config,
    backend: extensions.backend ?? chooseBackend(config, hub),
    log,
    clock: systemClock,
    version: VERSION,
    pid: Deno.pid,
    apps: { echo, sha256, counter, ...extensions.apps },
    rpc: extensions.rpc,
    onMessage: extensions.onMessage,
    hooks: splitHooks(extensions).hooks,
    nodeHandlers: { onNodeMessage: extensions.onNodeMessage, onSurvey: extensions.onSurvey },
  });
  try {
    return await listen(node, config, log, mayOverlap);
  } catch (error) {
    await node.close();
    throw error;
  }
}

async function listen(node: Node, config: Config, log: Logger, mayOverlap: boolean): Promise<ShoalNode> {
  let http: HttpServer | undefined = undefined;
  const limit = connectionLimit(config);
  const view = viewOf(node, () => ({
    listenersReopened: http?.listenersReopened ?? 0,
    sockets: http === undefined ? 0 : http.socketCount + http.addresses().length,
    connectionLimit: limit,
    descriptorLimit: config.descriptorLimit || undefined,
    log: log.gate,
  }));
  const access = {
    isOpen: isOpenMode(config) && !config.insecure,
    allowedOrigins: config.allowedOrigins,
    trustedProxies: config.trustedProxies.map(parseIpRange),
  };
  const limitHit = (address: string) => node.upgradeLimits.hitBy(address);
  const isFull = () => node.isFull(limit ?? Infinity);
  const isDraining = () => node.isDraining;
  const keys = new ApiKeys(config.apiKeys);
  const services = new ServiceGate({ node, keys });
  const callService = services.callForBackend.bind(services);
  const api = new ServerApi(keys, { node, callService });
  http = await serveHttp({
    hostname: config.host,
    port: config.port,
    mayOverlap,
    sharedPort: config.sharedPort,
    transport: config.transport,
    access,
    limits: {
      ...defaultHttpLimits,
      maxMessageBytes: config.maxMessageBytes,
      maxBodyBytes: config.maxBodyBytes,
      maxHeaderBytes: config.maxHeaderBytes,
      headersTimeoutMs: config.headerTimeoutMs,
      requestTimeoutMs: config.requestTimeoutMs,
    },
    compression: compressionOf(config),
    app: createHttpApp(view, log, {
      isInsecure: isOpenMode(config) && config.insecure,
      administration: administrationOf(node, config, api),
      api,
      fallback: {
        access,
        maxMessageBytes: config.maxMessageBytes,
        streamAcceptor: (workspace) => node.streamAcceptor(workspace),
        post: (post, workspace) => node.post(post, workspace),
        isFull,
        limitHit,
        isDraining,
      },
      services,
    }),
    acceptorFor: (path) => node.acceptor(path),
    subprotocols: SUBPROTOCOLS,
    isFull,
    limitHit,
    // A few more, so that a node full of WebSockets still answers its probes.
    ...(limit !== undefined && { maxConnections: limit + Math.ceil(limit / 20) }),
    isDraining,
    log,
  });
  return started(node, http, view);
}

function compressionOf({ compression: mode, compressionThreshold: thresholdBytes }: Config) {
  return mode === "off" ? undefined : { mode, thresholdBytes };
}

/** Open mode trusts this machine, and nobody who came through a proxy; otherwise it takes a key. */
function administrationOf(node: Node, config: Config, api: ServerApi): Administration {
  const isOpen = isOpenMode(config) && !config.insecure;
  return {
    node: {
      // Never rejects: closing clients only asks them.
      drain: () => void node.drain(),
      setLogLevel: (level) => setLogLevel(node.log, level),
      get connections() {
        return node.connections;
      },
    },
    mayAdmin: (request) => (isOpen && isLocal(request)) || hasRight(api, request, "admin"),
  };
}

/** `host:port` of the node's own listener, with brackets around an IPv6 address. */
function addressOf(http: HttpServer): string {
  const [own] = http.addresses();
  if (own === undefined) throw new RangeError("Cannot name the node: it listens nowhere");
  return `${own.hostname.includes(":") ? `[${own.hostname}]` : own.hostname}:${own.port}`;
}

function started(node: Node, http: HttpServer, view: NodeView): ShoalNode {
  const address = addressOf(http);
  node.start(address);
  node.ended.then(() => closeHttp(http));
  return {
    get id() {
      return node.id;
    },
    address,
    url: `ws://${address}/connection/websocket`,
    ready: node.ready,
    ended: node.ended,
    publish: (channel, data, options) => node.publish(channel, data, options),
    sendTo: (id, data) => node.session.messages.sendTo(id, data),
    broadcast: (data) => node.session.messages.broadcast(data),
    survey: (question, options) => node.session.messages.survey(question, options?.timeoutMs),
    health: () => view.health(),
    get logLevel() {
      return node.log.gate?.level;
    },
    set logLevel(level) {
      setLogLevel(node.log, level);
    },
    drain: () => node.drain(),
    endOnSignals() {
      onSignals({ first: () => void this.drain().then(() => this.close()), again: () => void this.close() });
    },
    async close() {
      await node.close();
      await closeHttp(http);
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}

/** Ends the listeners. Before that clients get a moment to read their close: with its listener a socket ends as 1001. */
async function closeHttp(http: HttpServer): Promise<void> {
  const endMs = systemClock.monotonicMs() + CLOSES_WITHIN_MS;
  while (http.socketCount > 0 && systemClock.monotonicMs() < endMs) {
    await new Promise((go) => setTimeout(go, 10));
  }
  await http.close();
}
