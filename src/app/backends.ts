import type { BackendFactory } from "../backend/backend.ts";
import { hubBackend } from "../backend/hub/mod.ts";
import { memoryBackend } from "../backend/memory/mod.ts";
import { redisBackend } from "../backend/redis/mod.ts";
import type { Config } from "../config/mod.ts";

/** Where a supervisor serves the embedded hub. */
export interface HubLocation {
  readonly address: string;
  readonly secret: string;
}

/** A registry or counter operation that takes longer fails. */
const COMMAND_TIMEOUT_MS = 2_000;

/** The backend that a configuration asks for: Redis, else the supervisor's hub, else this process's memory. */
export function chooseBackend(config: Config, hub: HubLocation | undefined): BackendFactory {
  if (config.redisUrl !== "") {
    return redisBackend({
      url: config.redisUrl,
      prefix: config.redisPrefix,
      partitions: config.partitions,
      publishTimeoutMs: config.publishTimeoutMs,
      subscribeTimeoutMs: config.subscribeTimeoutMs,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
    });
  }
  return hub === undefined ? memoryBackend() : hubBackend(hub);
}
