/** What a node is made of, and what may accompany what it is asked for. */
import type { BackendFactory } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { App } from "./apps/app.ts";
import type { Hooks } from "./hooks/mod.ts";
import type { NodeHandlers } from "./node_messages.ts";
import type { NodeSettings } from "./options.ts";
import type { PublishRequest } from "./publisher.ts";
import type { RpcCaller, RpcHandler } from "./rpc.ts";

/** What a node is made of. */
export interface NodeOptions {
  readonly settings: NodeSettings;
  readonly backend: BackendFactory;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  readonly pid: number;
  readonly apps: Readonly<Record<string, App>>;
  /** Methods beside the built-in `echo` and `time`. */
  readonly rpc?: Readonly<Record<string, RpcHandler>> | undefined;
  /** What the application has to say; each takes the place of the one over HTTP. */
  readonly hooks?: Hooks | undefined;
  /** Takes what clients `send`. */
  readonly onMessage?: ((data: unknown, from: RpcCaller) => void) | undefined;
  /** What the application does with words of its other nodes. */
  readonly nodeHandlers?: NodeHandlers | undefined;
}

/** What may accompany {@linkcode Node.publish}. */
export interface PublishOptions extends Pick<PublishRequest, "tags" | "key" | "idempotencyKey"> {
  /** `default` without it. */
  readonly workspace?: string | undefined;
  /** Reaches subscribers without being kept. */
  readonly skipHistory?: boolean | undefined;
}
