import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type {
  Backend,
  BackendFactory,
  BackendListener,
  BackendState,
  Bus,
  Counters,
  History,
  Presence,
  PublishDone,
  Quotas,
  Receivers,
  Registry,
  Revocations,
  Services,
  StreamPosition,
} from "../backend.ts";
import { Mailbox } from "./mailbox.ts";
import { MemoryHub } from "./memory_hub.ts";

/**
 * A backend inside this process, `ready` from the start. Backends made over one `hub` are nodes of one cluster; without
 * a hub the node is alone. Everything arrives by microtask, nothing is lost before {@linkcode Backend.close}.
 */
export function memoryBackend(hub: MemoryHub = new MemoryHub()): BackendFactory {
  return (node, listener) => new MemoryBackend(hub, node, listener);
}

class MemoryBackend implements Backend {
  readonly kind = "memory";
  readonly registry: Registry;
  readonly counters: Counters;
  readonly revocations: Revocations;
  readonly quotas: Quotas;
  readonly history: History;
  readonly presence: Presence;
  readonly services: Services;
  readonly #bus: MemoryBus;
  readonly #listener: BackendListener;
  #isOpen = true;

  constructor(hub: MemoryHub, node: NodeId, listener: BackendListener) {
    const ask: Ask = (answer) => this.#isOpen ? settle(answer) : Promise.reject(closedError());
    this.#listener = listener;
    const mailbox = new Mailbox(listener);
    this.#bus = new MemoryBus(hub, node, mailbox);
    this.registry = registryOf(hub, node, ask);
    this.counters = countersOf(hub, ask);
    this.revocations = revocationsOf(hub, ask);
    this.quotas = { claim: (name, claim) => ask(() => hub.quotas.claim(node, name, claim)) };
    this.history = historyOf(hub, mailbox, ask);
    this.presence = presenceOf(hub, node, ask);
    this.services = servicesOf(hub, node, ask);
  }

  get bus(): Bus {
    return this.#bus;
  }

  get state(): BackendState {
    return this.#isOpen ? "ready" : "closed";
  }

  get trouble(): string | undefined {
    return this.#isOpen ? undefined : "the backend is closed";
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    this.#bus.close();
    this.#listener.onState("closed");
    return Promise.resolve();
  }
}

class MemoryBus implements Bus {
  readonly #hub: MemoryHub;
  readonly #node: NodeId;
  readonly #mailbox: Mailbox;
  readonly #channels = new Set<string>();
  #isOpen = true;

  constructor(hub: MemoryHub, node: NodeId, mailbox: Mailbox) {
    this.#hub = hub;
    this.#node = node;
    this.#mailbox = mailbox;
    hub.join(node, mailbox);
  }

  publish(channel: string, message: string, done: PublishDone): void {
    if (!this.#isOpen) return this.#mailbox.takeDone(done, closedError());
    this.#hub.channels.publish(channel, { text: message });
    this.#mailbox.takeDone(done);
  }

  subscribe(channel: string): Promise<void> {
    if (!this.#isOpen) return Promise.reject(closedError());
    this.#channels.add(channel);
    this.#hub.channels.subscribe(channel, this.#mailbox);
    return Promise.resolve();
  }

  unsubscribe(channel: string): void {
    this.#channels.delete(channel);
    this.#hub.channels.unsubscribe(channel, this.#mailbox);
  }

  sendToNode(node: NodeId, message: string): Promise<Receivers> {
    if (!this.#isOpen) return Promise.reject(closedError());
    return Promise.resolve(this.#hub.sendToNode(node, { text: message }));
  }

  sendToChannel(channel: string, message: string): Promise<Receivers> {
    if (!this.#isOpen) return Promise.reject(closedError());
    return Promise.resolve(this.#hub.channels.publish(channel, { text: message }));
  }

  sendToAll(message: string): Promise<void> {
    if (!this.#isOpen) return Promise.reject(closedError());
    this.#hub.sendToAll({ text: message });
    return Promise.resolve();
  }

  subscriptions() {
    return { desired: this.#channels.size, confirmed: this.#channels.size };
  }

  close(): void {
    this.#isOpen = false;
    this.#mailbox.close();
    this.#hub.part(this.#node);
    for (const channel of [...this.#channels]) this.unsubscribe(channel);
  }
}

/** Runs a call that takes effect at once, and answers as one that had to wait. */
type Ask = <T>(answer: () => T) => Promise<T>;

function settle<T>(answer: () => T): Promise<T> {
  return new Promise((resolve) => resolve(answer()));
}

function closedError(): ClientError {
  return new ClientError("internal", { detail: "the backend is closed" });
}

function registryOf(hub: MemoryHub, node: NodeId, ask: Ask): Registry {
  const { registry } = hub;
  return {
    beat: (record, suspectAfterMs) => ask(() => registry.beat({ ...record, node }, suspectAfterMs)),
    bury: (other, seenBeatMs, claimMs) => ask(() => registry.bury(other, seenBeatMs, claimMs)),
    clean: (other) => ask(() => registry.clean(other)),
    nodes: () => ask(() => registry.nodes()),
    putClients: (records) => ask(() => registry.putClients(node, records)),
    dropClients: (clients) => ask(() => registry.dropClients(node, clients)),
    replaceClients: (records) => ask(() => registry.replaceClients(node, records)),
    clientsOf: (other) => ask(() => registry.clientsOf(other)),
    leave: () => ask(() => registry.leave(node)),
  };
}

function countersOf(hub: MemoryHub, ask: Ask): Counters {
  const { counters } = hub;
  return {
    create: (key, ttlMs) => ask(() => counters.create(key, ttlMs)),
    increment: (key, ttlMs) => ask(() => counters.increment(key, ttlMs)),
    touch: (key, ttlMs) => ask(() => counters.touch(key, ttlMs)),
  };
}

function revocationsOf({ revocations }: MemoryHub, ask: Ask): Revocations {
  return {
    revoke: (workspace, user, forMs) => ask(() => revocations.revoke(workspace, user, forMs)),
    restore: (workspace, user) => ask(() => revocations.restore(workspace, user)),
    among: (workspace, users) => ask(() => revocations.among(workspace, users)),
  };
}

function historyOf(hub: MemoryHub, mailbox: Mailbox, ask: Ask): History {
  return {
    publish: (channel, message, options, done) => {
      mailbox.takeDone(
        done,
        mailbox.isOpen ? stored(() => hub.publishStored(channel, message, options)) : closedError(),
      );
    },
    read: (channel, filter) => ask(() => hub.streams.read(channel, filter)),
    remove: (channel) => ask(() => hub.streams.remove(channel)),
  };
}

/** What a publish comes to: where it was stored, or why it was not. */
function stored(append: () => StreamPosition): StreamPosition | Error {
  try {
    return append();
  } catch (error) {
    return error instanceof Error ? error : new TypeError(String(error));
  }
}

function presenceOf(hub: MemoryHub, node: NodeId, ask: Ask): Presence {
  const { presence } = hub;
  return {
    add: (channel, member, isAnnounced) => ask(() => presence.add(node, channel, member, isAnnounced)),
    remove: (channel, client) => ask(() => presence.remove(node, channel, client)),
    members: (channel) => ask(() => presence.members(channel)),
    stats: (channel) => ask(() => presence.stats(channel)),
  };
}

function servicesOf(hub: MemoryHub, node: NodeId, ask: Ask): Services {
  const { services } = hub;
  return {
    put: (workspace, offer) => ask(() => services.put(node, workspace, offer)),
    remove: (workspace, service, client) => ask(() => services.remove(node, workspace, service, client)),
    read: (workspace, known) => ask(() => services.read(workspace, known)),
  };
}
