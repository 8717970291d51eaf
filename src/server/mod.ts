/**
 * A node without a network: sessions, connections, commands, channels, apps.
 *
 * @module
 */
export {
  ApiCaller,
  type ApiKeyOptions,
  ApiKeys,
  OutOfScopeError,
  ServerApi,
  type ServiceCall,
} from "./api/mod.ts";
export { type App, type AppSession, defineApp } from "./apps/app.ts";
export { anonymous } from "./identity.ts";
export { counter } from "./apps/counter.ts";
export { echo } from "./apps/echo.ts";
export { sha256 } from "./apps/sha256.ts";
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
} from "./hooks/mod.ts";
export type { UpgradeLimit } from "./limits/mod.ts";
export { Node, type NodeEnd } from "./node.ts";
export type { NodeHandlers, NodeMessages, SurveyResult } from "./node_messages.ts";
export type { NodeOptions, PublishOptions } from "./node_options.ts";
export type { ChannelOptions, NamespaceOptions, NodeSettings, SlowPolicy } from "./options.ts";
export { processUse } from "./load.ts";
export type { Readiness } from "./readiness.ts";
export { type RpcCaller, type RpcHandler } from "./rpc.ts";
export type { Acceptor, Frame, Handshake, Socket, SocketListener } from "./socket.ts";
export {
  type Credentials,
  type ServiceDoor,
  ServiceGate,
  type ServiceVisitor,
  type VisitorCall,
} from "./service_gate.ts";
export {
  Leash,
  type OpenStream,
  type ServiceDescriptor,
  type ServiceDetails,
  type StreamSink,
} from "./services/mod.ts";
export { RESERVED_SEGMENTS } from "./socket_routes.ts";
export { mintToken, type SigningKey, signingKey, type TokenClaims } from "./tokens/mod.ts";
