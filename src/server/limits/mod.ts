/** What one connection, address, user or workspace may use of a node. */
export { ConnectLimits } from "./connect_limits.ts";
export { ConnectionRates, type RateLimits, rateLimitsOf, type RateVerdict } from "./connection_rates.ts";
export { type LimitName, limitNames } from "./limit_name.ts";
export { type UpgradeLimit, UpgradeLimits } from "./upgrade_limits.ts";
export { WorkspaceQuota } from "./workspace_quota.ts";
