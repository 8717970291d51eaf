/**
 * HTTP and WebSocket of a node: listeners, access checks, endpoints.
 *
 * @module
 */
export { type AccessPolicy, type HeaderView, isLocal, type RequestFacts } from "./access.ts";
export { hasRight } from "./routes/api_key.ts";
export type { Administration, AdminView, MayAdmin } from "./routes/admin.ts";
export { type Answer, errorAnswer, jsonAnswer, unavailableAnswer } from "./answer.ts";
export { createHttpApp, type HttpApp } from "./app.ts";
export { type HttpAddress, type HttpServer, PortTakenError, serveHttp } from "./listeners.ts";
export type { HttpLog } from "./log.ts";
export type { HealthReport, NodeStats, NodeView, ReadyReport, StatsReport } from "./node_view.ts";
export { defaultHttpLimits, type HttpLimits, type HttpServerOptions, type TransportName } from "./options.ts";
