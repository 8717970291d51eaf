import type {
  Backend,
  BackendFactory,
  BackendListener,
  BackendState,
  BackendTraffic,
  Bus,
  ClientRecord,
  Counters,
  History,
  Presence,
  Quotas,
  Registry,
  Revocations,
  Services,
} from "../backend.ts";
import type { Call, CallName } from "./calls.ts";
import { Kind } from "./frame.ts";
import { HubBus } from "./hub_bus.ts";
import { historyOver } from "./hub_history.ts";
import { HubLink, type LinkOptions, parseHubAddress } from "./hub_link.ts";
import { presenceOver } from "./hub_presence.ts";

/** Client records in one frame. */
const RECORDS_PER_CALL = 5_000;

/** Where the hub is. */
export interface HubBackendOptions {
  /** `host:port`. */
  readonly address: string;
  readonly secret: string;
}

/**
 * A backend that {@linkcode serveHub} offers on this machine. Hub and nodes live and die together: when the connection
 * ends, the state is `closed` for good, and the node has to end as well. Throws `TypeError` on a malformed address.
 */
export function hubBackend(options: HubBackendOptions): BackendFactory {
  const target = { address: parseHubAddress(options.address), secret: options.secret };
  return (node, listener) => new HubBackend({ ...target, node }, listener);
}

class HubBackend implements Backend {
  readonly kind = "hub";
  readonly registry: Registry;
  readonly counters: Counters;
  readonly revocations: Revocations;
  readonly quotas: Quotas;
  readonly history: History;
  readonly presence: Presence;
  readonly services: Services;
  readonly #link: HubLink;
  readonly #bus: HubBus;

  constructor(options: LinkOptions, listener: BackendListener) {
    this.#link = new HubLink(options, {
      onChannelMessage: (channel, message) => {
        if (this.#bus.wants(channel)) listener.onChannelMessage(channel, message);
      },
      onNodeMessage: (message) => listener.onNodeMessage(message),
      onState: (state) => {
        if (state === "closed") this.#bus.onEnd();
        listener.onState(state);
      },
    });
    this.#bus = new HubBus(this.#link);
    const call = callerOf(this.#link);
    this.registry = registryOver(call);
    this.counters = countersOver(call);
    this.revocations = revocationsOver(call);
    this.quotas = { claim: (name, claim) => call("claimQuota", name, claim) };
    this.history = historyOver(this.#link, call);
    this.presence = presenceOver(call);
    this.services = servicesOver(call);
  }

  get bus(): Bus {
    return this.#bus;
  }

  get state(): BackendState {
    return this.#link.state;
  }

  get trouble(): string | undefined {
    return this.#link.trouble;
  }

  get traffic(): BackendTraffic {
    return this.#link.traffic;
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

function callerOf(link: HubLink): Call {
  const call = async (name: CallName, ...args: readonly unknown[]): Promise<unknown> => {
    const answer = await link.request(Kind.call, name, JSON.stringify(args));
    return answer === "" ? undefined : JSON.parse(answer);
  };
  // The hub checked the format at the hello, so an answer has the type that the call promises.
  return call as Call;
}

function registryOver(call: Call): Registry {
  return {
    beat: (record, suspectAfterMs) => call("beat", record, suspectAfterMs),
    bury: (node, seenBeatMs, claimMs) => call("bury", node, seenBeatMs, claimMs),
    clean: (node) => call("clean", node),
    nodes: () => call("nodes"),
    putClients: (records) => allTrue(inBatches(records, (batch) => call("putClients", batch))),
    dropClients: async (clients) => {
      await Promise.all(inBatches(clients, (batch) => call("dropClients", batch)));
    },
    replaceClients: (records) =>
      allTrue(inBatches(records, (batch, i) => call(i === 0 ? "replaceClients" : "putClients", batch))),
    clientsOf: (node) => call("clientsOf", node),
    leave: () => call("leave"),
  };
}

function countersOver(call: Call): Counters {
  return {
    create: (key, ttlMs) => call("create", key, ttlMs),
    increment: (key, ttlMs) => call("increment", key, ttlMs),
    touch: (key, ttlMs) => call("touch", key, ttlMs),
  };
}

function revocationsOver(call: Call): Revocations {
  return {
    revoke: (workspace, user, forMs) => call("revokeUser", workspace, user, forMs),
    restore: (workspace, user) => call("restoreUser", workspace, user),
    among: async (workspace, users) =>
      (await Promise.all(inBatches(users, (batch) => call("revokedAmong", workspace, batch)))).flat(),
  };
}

function servicesOver(call: Call): Services {
  return {
    put: (workspace, offer) => call("putOffer", workspace, offer),
    remove: (workspace, service, client) => call("removeOffer", workspace, service, client),
    read: (workspace, known) => call("readOffers", workspace, known),
  };
}

/** Sends all batches before it waits for any, so that no other call comes between; an empty list is one batch. */
function inBatches<T extends ClientRecord | string, R>(
  items: readonly T[],
  send: (batch: readonly T[], index: number) => R,
): R[] {
  const sent = [send(items.slice(0, RECORDS_PER_CALL), 0)];
  for (let from = RECORDS_PER_CALL; from < items.length; from += RECORDS_PER_CALL) {
    sent.push(send(items.slice(from, from + RECORDS_PER_CALL), sent.length));
  }
  return sent;
}

async function allTrue(answers: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(answers)).every((each) => each);
}
