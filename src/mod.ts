/**
 * Shoal, a horizontally scalable realtime server: the door for applications that build on it.
 *
 * ```ts
 * import { createNode } from "@shoal/shoal";
 *
 * await using node = await createNode({ port: 0, rpc: { add: (data) => (data as number[]).reduce((a, b) => a + b, 0) } });
 * await node.publish("news", { text: "hello" });
 * ```
 *
 * @module
 */
export { createNode, type NodeCreation, type NodeExtensions, type ShoalNode } from "./app/create_node.ts";
export type {
  Backend,
  BackendFactory,
  BackendListener,
  BackendState,
  BackendTraffic,
  BeatAnswer,
  Bus,
  ClientRecord,
  Counters,
  History,
  HistoryDone,
  HistoryFilter,
  HistoryLimits,
  HistoryPage,
  NodeRecord,
  NodeRow,
  NodeStats,
  Presence,
  PresenceMember,
  PublishDone,
  Registry,
  Revocations,
  StoredMessage,
  StreamPosition,
  Suspect,
} from "./backend/backend.ts";
export { ConfigError, type ConfigOptions } from "./config/mod.ts";
export { ClientError, CloseError } from "./core/errors.ts";
export type { LogFields, Logger, LogLevel } from "./core/log.ts";
export type { LogGate } from "./core/log_gate.ts";
export { type App, type AppSession, defineApp } from "./server/mod.ts";
export type {
  CapabilityGrant,
  ConnectAnswer,
  ConnectContext,
  DisconnectContext,
  HookClient,
  Hooks,
  PublishAnswer,
  PublishContext,
  RefreshAnswer,
  RefreshContext,
  RpcAnswer,
  RpcContext,
  SubscribeAnswer,
  SubscribeContext,
} from "./server/mod.ts";
export type { NodeHandlers, PublishOptions, RpcCaller, RpcHandler, SurveyResult } from "./server/mod.ts";
