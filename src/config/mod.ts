/**
 * Configuration: one schema, four sources (flags over environment over file over defaults), and all faults at once.
 *
 * @module
 */
export { isAddressRange, isLoopbackHost, maskPassword } from "./address.ts";
export { connectionLimit, isOpenMode, redisServers } from "./derive.ts";
export { envExample, optionTables, REFRESH_COMMAND, withOptionTables } from "./docs.ts";
export { ConfigError, type Fault } from "./fault.ts";
export { loadConfig, type LoadOptions } from "./load.ts";
export { snakeName } from "./names.ts";
export { printedConfig, printedOrigins } from "./print.ts";
export {
  type ChannelConfig,
  type Config,
  configOf,
  type ConfigOptions,
  type NamespaceConfig,
  type Origins,
  type Resolution,
} from "./resolve.ts";
export { secretsOf } from "./secrets.ts";
export { FILE_VARIABLE, type Flag } from "./source.ts";
