/** One handler for each command. A handler answers by `succeed`, or throws (or rejects with) why not. */
import type { Command, CommandOf, RequestKind } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { connect } from "./connect.ts";
import { history } from "./history.ts";
import { ping } from "./ping.ts";
import { presence, presenceStats } from "./presence.ts";
import { publish } from "./publish.ts";
import { refresh } from "./refresh.ts";
import { rpc } from "./rpc.ts";
import { send } from "./send.ts";
import { subRefresh } from "./sub_refresh.ts";
import { subscribe } from "./subscribe.ts";
import { unsubscribe } from "./unsubscribe.ts";

/** Handles one command. Must not throw after it has answered. */
export type CommandHandler<K extends RequestKind> = (
  connection: Client,
  command: CommandOf<K>,
) => void | Promise<void>;

const handlers: { readonly [K in RequestKind]: CommandHandler<K> } = {
  connect,
  subscribe,
  unsubscribe,
  publish,
  presence,
  presence_stats: presenceStats,
  history,
  rpc,
  send,
  refresh,
  sub_refresh: subRefresh,
  ping,
};

/** Starts the handler of `command`. */
export function runCommand(connection: Client, command: Command): void | Promise<void> {
  // The table pairs each kind with its handler, which the compiler cannot follow through the index.
  const handler = handlers[command.kind] as CommandHandler<RequestKind>;
  return handler(connection, command);
}
