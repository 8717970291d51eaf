/** Bounds of the services of one node. */

/** Services that one client may offer. */
export const MAX_SERVICES_PER_CLIENT = 64;

/** Longest description of a service with its functions, characters of JSON. */
export const MAX_DESCRIPTOR_CHARS = 64 * 1024;

/** Calls that a provider takes at once unless it says otherwise. */
export const DEFAULT_CONCURRENCY = 1_000;

/** Calls and streams of others that run at providers of this node, all together. */
export const MAX_HOSTED = 65_536;

/** Streams that one client may read at once. */
export const MAX_STREAMS_PER_CLIENT = 64;

/** Streams that callers of this node read at once, all together. */
export const MAX_STREAMS = 16_384;

/** Providers that are asked in turn when one refuses. */
export const MAX_TRIES = 8;

/** The share of a provider's outbox that the arguments of one call may take. */
export const ARGS_SHARE = 0.25;

/** Longest value or item that a provider may answer with, characters of JSON. */
export const MAX_VALUE_CHARS = 1024 * 1024;

/** Workspaces whose offers this node keeps at hand; the one that was asked for longest ago goes first. */
export const MAX_VIEWS = 1_000;

/** Characters of descriptors that it keeps at hand, about. */
export const MAX_VIEW_CHARS = 64 * 1024 * 1024;

/** The node of the caller waits so much longer than that of the provider, which knows better, milliseconds. */
export const SLACK_MS = 250;
