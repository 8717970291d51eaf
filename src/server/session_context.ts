/** What the connections of a generation see of their node: its own things, and what all generations share. */
import { Outbox } from "../core/outbox.ts";
import type { AppContext } from "./apps/app_connection.ts";
import { ChannelRules } from "./channel_rules.ts";
import { ClientTimers } from "./client_timers.ts";
import { hookCallsOf } from "./hooks/mod.ts";
import { LagMeter } from "./lag.ts";
import { rateLimitsOf } from "./limits/mod.ts";
import type { NodeOptions } from "./node_options.ts";
import type { Peer } from "./peer.ts";
import { builtInRpc, type RpcHandler } from "./rpc.ts";
import type { Session } from "./session.ts";
import { TICK_MS } from "./tick.ts";
import { verifierOf } from "./tokens/mod.ts";
import { Traffic } from "./traffic.ts";

/** What all generations of a node share. */
export interface SharedContext extends
  Pick<
    AppContext,
    | "version"
    | "settings"
    | "rateLimits"
    | "clock"
    | "outbox"
    | "rules"
    | "traffic"
    | "rpc"
    | "onMessage"
    | "verifier"
    | "isOpen"
    | "hooks"
  > {
  readonly timers: ClientTimers;
  readonly lag: LagMeter;
}

/** Makes what generations share, once for a node. */
export function sharedContextOf(options: NodeOptions): SharedContext {
  const { settings, clock, log } = options;
  const nowMs = clock.monotonicMs();
  const verifier = verifierOf(settings, clock);
  return {
    version: options.version,
    settings,
    rateLimits: rateLimitsOf(settings),
    clock,
    outbox: new Outbox(),
    rules: new ChannelRules(settings.channel, settings.namespaces, settings.maxChannelNameLength),
    traffic: new Traffic(),
    rpc: new Map<string, RpcHandler>(Object.entries({ ...builtInRpc, ...options.rpc })),
    onMessage: options.onMessage,
    verifier,
    isOpen: verifier === undefined && settings.hooksConnectUrl === "",
    hooks: hookCallsOf(settings, options.hooks, { clock, log }),
    timers: new ClientTimers(settings, nowMs),
    lag: new LagMeter(TICK_MS, nowMs),
  };
}

/** Makes the context of one generation. */
export function contextOf(session: Session, shared: SharedContext): AppContext {
  const { lag, rules, timers } = shared;
  const { publisher } = session;
  return {
    node: session.id,
    version: shared.version,
    settings: shared.settings,
    rateLimits: shared.rateLimits,
    connectLimits: session.connectLimits,
    clock: shared.clock,
    log: session.log,
    outbox: shared.outbox,
    channels: session.channels,
    counters: session.backend.counters,
    rules,
    traffic: shared.traffic,
    history: session.history,
    presence: session.presence,
    presenceReader: session.presenceReader,
    positions: session.positions,
    waitingRoom: session.waitingRoom,
    rpc: shared.rpc,
    onMessage: shared.onMessage,
    verifier: shared.verifier,
    isOpen: shared.isOpen,
    hooks: shared.hooks,
    revocations: session.revocations,
    peers: new Set<Peer>(),
    deadlines: timers.deadlines,
    reach: session.reach,
    roster: session.roster,
    services: session.services,
    newClientId: session.newClientId,
    hasStalledSince: (sinceMs) => lag.hasStalledSince(sinceMs),
    enroll(client) {
      session.enroll(client);
      timers.add(client);
    },
    dismiss(client) {
      session.dismiss(client);
      timers.remove(client);
    },
    publish: (options, request, done) => publisher.publish(options, request, done),
    async publishValue(workspace, channel, data) {
      await publisher.publishValue(rules.find(channel), { workspace, channel }, data);
    },
  };
}
