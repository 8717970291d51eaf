/**
 * Services: functions that clients offer and others call, on any node.
 *
 * @module
 */
export type { OpenStream, ServiceCall, StreamSink } from "./caller.ts";
export { ServiceExchange, type ServiceExchangeParts } from "./exchange.ts";
export { Leash } from "./leash.ts";
export { type ServiceDescriptor, type ServiceDetails, shownTo } from "./listing.ts";
