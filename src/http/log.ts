import type { Logger } from "../core/log.ts";

/** Where this folder reports. */
export type HttpLog = Pick<Logger, "warn" | "error">;
