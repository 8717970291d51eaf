/** Limits that turn clients away or slow them down, named by their options; each has a count in the metrics. */
export const limitNames = [
  "connects_per_s",
  "commands_per_s",
  "bytes_per_s",
  "max_connections_per_address",
  "max_connections_per_user",
  "max_connections_per_workspace",
] as const;

/** One of {@linkcode limitNames}. */
export type LimitName = typeof limitNames[number];
