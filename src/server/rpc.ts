/** Who calls a remote procedure. */
export interface RpcCaller {
  readonly client: string;
  readonly user: string;
  readonly workspace: string;
}

/**
 * Answers a call with a value that JSON can say, or throws a `ClientError` for the caller to see; anything else it
 * throws is logged and answered with 100. Calls of one connection may run side by side.
 */
export type RpcHandler = (data: unknown, caller: RpcCaller) => unknown | Promise<unknown>;

/** Methods that every node answers. */
export const builtInRpc: Readonly<Record<string, RpcHandler>> = {
  /** The data of the call. */
  echo: (data) => data ?? null,
  /** The node's wall clock, milliseconds since 1970. */
  time: () => ({ time: Date.now() }),
};
