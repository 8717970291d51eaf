/**
 * Hooks: what an application, in TypeScript or over HTTP, says before a node does what a client wants.
 *
 * @module
 */
export { hookCallsOf } from "./configured.ts";
export type { HookCalls } from "./hook_calls.ts";
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
} from "./hooks.ts";
