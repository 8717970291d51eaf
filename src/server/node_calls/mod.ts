/**
 * Requests between nodes, acknowledged by the node that is asked.
 *
 * @module
 */
export type { CallLimits } from "./call_table.ts";
export { defaultNodeCallOptions, type NodeCallOptions, NodeCalls, type Survey } from "./node_calls.ts";
export type { NodeMethod, NodeRequest, NoticeListener } from "./serving.ts";
export { type Gathered, type NodeAnswer, NotDeliveredError } from "./waiting.ts";
