import type { NodeId } from "../../core/ids.ts";
import type {
  Counters,
  History,
  HistoryFilter,
  Presence,
  Quotas,
  Registry,
  Revocations,
  Services,
} from "../backend.ts";
import type { MembersPage, MemoryHub } from "../memory/mod.ts";

/** Characters of publications in one answer: a frame holds them, whatever they are. */
const MAX_HISTORY_CHARACTERS = 3 << 20;
/** Publications in one answer, for those that have next to no characters. */
const MAX_HISTORY_COUNT = 50_000;
/** Characters of members in one answer, about. */
const MAX_PAGE_CHARACTERS = 1 << 20;

/** What a node may call on its hub. */
export type Calls =
  & Registry
  & Counters
  & QuotaCalls
  & HistoryCalls
  & PresenceCalls
  & RevocationCalls
  & ServiceCalls;

interface QuotaCalls {
  readonly claimQuota: Quotas["claim"];
}

interface HistoryCalls {
  readonly readHistory: History["read"];
  readonly removeHistory: History["remove"];
}

interface PresenceCalls {
  readonly addMember: Presence["add"];
  readonly removeMember: Presence["remove"];
  readonly membersPage: (channel: string, from: number) => Promise<MembersPage>;
  readonly memberStats: Presence["stats"];
}

interface RevocationCalls {
  readonly revokeUser: Revocations["revoke"];
  readonly restoreUser: Revocations["restore"];
  readonly revokedAmong: Revocations["among"];
}

interface ServiceCalls {
  readonly putOffer: Services["put"];
  readonly removeOffer: Services["remove"];
  readonly readOffers: Services["read"];
}

/** The name of one call on the wire. */
export type CallName = keyof Calls;
/** Calls a hub and waits for the answer. */
export type Call = <Name extends CallName>(
  name: Name,
  ...args: Parameters<Calls[Name]>
) => ReturnType<Calls[Name]>;

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
  claimQuota: (hub, node, [name, claim]) => hub.quotas.claim(node, name, claim),
  readHistory: (hub, _node, [channel, filter]) => hub.streams.read(channel, bounded(filter)),
  removeHistory: (hub, _node, [channel]) => hub.streams.remove(channel),
  addMember: (hub, node, [channel, member, isAnnounced]) =>
    hub.presence.add(node, channel, member, isAnnounced),
  removeMember: (hub, node, [channel, client]) => hub.presence.remove(node, channel, client),
  membersPage: (hub, _node, [channel, from]) => hub.presence.page(channel, from, MAX_PAGE_CHARACTERS),
  memberStats: (hub, _node, [channel]) => hub.presence.stats(channel),
  revokeUser: (hub, _node, [workspace, user, forMs]) => hub.revocations.revoke(workspace, user, forMs),
  restoreUser: (hub, _node, [workspace, user]) => hub.revocations.restore(workspace, user),
  revokedAmong: (hub, _node, [workspace, users]) => hub.revocations.among(workspace, users),
  putOffer: (hub, node, [workspace, offer]) => hub.services.put(node, workspace, offer),
  removeOffer: (hub, node, [workspace, service, client]) =>
    hub.services.remove(node, workspace, service, client),
  readOffers: (hub, _node, [workspace, known]) => hub.services.read(workspace, known ?? undefined),
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

/** No more than a frame holds; where that is less than was asked for, the page says that it is truncated. */
function bounded(filter: HistoryFilter): HistoryFilter {
  const maxBytes = Math.min(filter.maxBytes ?? MAX_HISTORY_CHARACTERS, MAX_HISTORY_CHARACTERS);
  const limit = filter.limit < 0 ? MAX_HISTORY_COUNT : Math.min(filter.limit, MAX_HISTORY_COUNT);
  return { ...filter, maxBytes, limit };
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
