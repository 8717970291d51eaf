import type { NodeId } from "../../core/ids.ts";
import type { Counters, Registry } from "../backend.ts";
import type { MemoryHub } from "../memory/mod.ts";

/** What a node may call on its hub. */
export type Calls = Registry & Counters;
/** The name of one call on the wire. */
export type CallName = keyof Calls;

type Args<Name extends CallName> = Parameters<Calls[Name]>;
type Result<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;
type Handlers = {
  readonly [Name in CallName]: (hub: MemoryHub, node: NodeId, args: Args<Name>) => Result<Name>;
};

const handlers: Handlers = {
  beat: (hub, node, [record, suspectAfterMs]) => hub.registry.beat({ ...record, node }, suspectAfterMs),
  bury: (hub, _node, [other, seenBeatMs, claimMs]) => hub.registry.bury(other, seenBeatMs, claimMs),
  clean: (hub, _node, [other]) => hub.registry.clean(other),
  nodes: (hub) => hub.registry.nodes(),
  putClients: (hub, node, [records]) => hub.registry.putClients(node, records),
  dropClients: (hub, node, [clients]) => hub.registry.dropClients(node, clients),
  replaceClients: (hub, node, [records]) => hub.registry.replaceClients(node, records),
  clientsOf: (hub, _node, [other]) => hub.registry.clientsOf(other),
  leave: (hub, node) => hub.registry.leave(node),
  create: (hub, _node, [key, ttlMs]) => hub.counters.create(key, ttlMs),
  increment: (hub, _node, [key, ttlMs]) => hub.counters.increment(key, ttlMs),
  touch: (hub, _node, [key, ttlMs]) => hub.counters.touch(key, ttlMs),
};

/**
 * Runs the call `name` of `node` with its arguments as JSON, and answers the result as JSON, or "" for none. Throws
 * when there is no such call, the JSON is malformed, or the call throws. Arguments are believed: they come from a node
 * that knew the secret and speaks the same format.
 */
export function runCall(hub: MemoryHub, node: NodeId, name: string, argsJson: string): string {
  if (!isCallName(name)) throw new TypeError(`Cannot call "${name}": the hub has no such call`);
  const args: unknown = JSON.parse(argsJson);
  if (!Array.isArray(args)) throw new TypeError(`Cannot call "${name}": the arguments are no array`);
  return JSON.stringify(run(name, hub, node, args as Args<typeof name>)) ?? "";
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(handlers, name);
}

function run<Name extends CallName>(
  name: Name,
  hub: MemoryHub,
  node: NodeId,
  args: Args<Name>,
): Result<Name> {
  return handlers[name](hub, node, args);
}
