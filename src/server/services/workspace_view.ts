import type { ServiceOffer } from "../../backend/backend.ts";
import { type NodeId, nodeOfClient } from "../../core/ids.ts";
import type { OffersVersion, ServiceChange } from "../../protocol/service_change.ts";
import { readDescriptor, type ServiceShape } from "../../protocol/service_requests.ts";

/** Somebody who can be asked. */
export interface Provider {
  readonly client: string;
  readonly node: NodeId;
  readonly shape: ServiceShape;
}

/** The providers of one service, and whose turn it is. */
class ServiceView {
  readonly providers = new Map<string, Provider>();
  #byFunction = new Map<string, readonly Provider[]>();
  #turn = Math.floor(performance.now());

  /** Call it after each change of `providers`. */
  changed(): void {
    this.#byFunction = new Map();
  }

  /** Those who have the function, beginning with the one whose turn it is; each call gives the turn to the next. */
  inTurn(name: string): readonly Provider[] {
    const all = this.#having(name);
    if (all.length < 2) return all;
    const first = this.#turn++ % all.length;
    return first === 0 ? all : [...all.slice(first), ...all.slice(0, first)];
  }

  /** Names of functions come from callers: those that nobody has are not remembered. */
  #having(name: string): readonly Provider[] {
    const known = this.#byFunction.get(name);
    if (known !== undefined) return known;
    const found = [...this.providers.values()].filter(({ shape }) => Object.hasOwn(shape.functions, name));
    if (found.length > 0) this.#byFunction.set(name, found);
    return found;
  }
}

/** Changes that came while the offers were read are kept up to this many; then they are read once more. */
const MAX_HELD = 1_000;

/**
 * What a node knows of the offers of one workspace: those of its own clients from itself, those of others as they were
 * read and changed since. Pure; `directory.ts` reads.
 */
export class WorkspaceView {
  readonly #self: NodeId;
  readonly #services = new Map<string, ServiceView>();
  readonly #sizes = new Map<string, number>();
  #version: OffersVersion | undefined;
  #isFresh = false;
  #held: ServiceChange[] | undefined;
  #localCount = 0;
  /** Characters of the descriptors of others. */
  chars = 0;

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** True when no change is known to be missing. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** The version that a reader may compare with; undefined when all is to be read. */
  get version(): OffersVersion | undefined {
    return this.#isFresh ? this.#version : undefined;
  }

  /** Whether clients of this node offer something here. */
  get hasLocal(): boolean {
    return this.#localCount > 0;
  }

  /** Ids of services, in no order. */
  get services(): readonly string[] {
    return [...this.#services.keys()];
  }

  /** Providers of `service`, in the order of their registration as far as it is known. */
  providersOf(service: string): readonly Provider[] {
    return [...this.#services.get(service)?.providers.values() ?? []];
  }

  /** Who may be asked for a function, best first. */
  inTurn(service: string, name: string): readonly Provider[] {
    return this.#services.get(service)?.inTurn(name) ?? [];
  }

  /** A change may have been missed. */
  doubt(): void {
    this.#isFresh = false;
  }

  /** The offers are being read: changes that come from now on are held. */
  startReading(): void {
    this.#held = [];
  }

  /** What was read; undefined when it could not be read, or was known. */
  finishReading(version: OffersVersion | undefined, offers: readonly ServiceOffer[] | undefined): void {
    if (offers !== undefined) this.#replace(offers);
    this.#version = version;
    this.#isFresh = true;
    this.#release();
  }

  /** It could not be read. */
  failReading(): void {
    this.#held = undefined;
    this.#isFresh = false;
  }

  /** Another node, or this one, changed an offer. */
  take(change: ServiceChange): void {
    if (this.#held === undefined) return this.#apply(change);
    if (this.#held.length < MAX_HELD) this.#held.push(change);
  }

  /** A client of this node offers something. */
  putLocal(service: string, client: string, shape: ServiceShape): void {
    if (!this.#services.get(service)?.providers.has(client)) this.#localCount++;
    this.#put({ client, node: this.#self, shape }, service);
  }

  /** A client of this node offers it no longer. */
  dropLocal(service: string, client: string): void {
    if (this.#drop(service, client)) this.#localCount--;
  }

  /** `node` is gone, and all that its clients offered. */
  forgetNode(node: NodeId): void {
    for (const [service, { providers }] of [...this.#services]) {
      for (const provider of [...providers.values()]) {
        if (provider.node === node) this.#drop(service, provider.client);
      }
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const change of held) this.#apply(change);
    if (held.length >= MAX_HELD) this.#isFresh = false;
  }

  #apply(change: ServiceChange): void {
    if (!this.#isFresh) return;
    const { epoch, number } = this.#version ?? { epoch: change.version.epoch, number: 0 };
    const isKnown = change.version.epoch === epoch && change.version.number <= number;
    if (isKnown) return;
    if (change.version.epoch !== epoch || change.version.number !== number + 1) return this.doubt();
    this.#version = change.version;
    const { service, client, descriptor } = change;
    if (nodeOfClient(client) === this.#self) return;
    if (descriptor === undefined) this.#drop(service, client);
    else this.#putOther({ service, client, descriptor });
  }

  #replace(offers: readonly ServiceOffer[]): void {
    for (const [service, { providers }] of [...this.#services]) {
      for (const { client, node } of [...providers.values()]) {
        if (node !== this.#self) this.#drop(service, client);
      }
    }
    for (const offer of offers) this.#putOther(offer);
  }

  #putOther({ service, client, descriptor }: ServiceOffer): void {
    const node = nodeOfClient(client);
    const shape = readDescriptor(descriptor);
    if (node === undefined || node === this.#self || shape === undefined) return;
    this.#drop(service, client);
    this.#sizes.set(`${service}/${client}`, descriptor.length);
    this.chars += descriptor.length;
    this.#put({ client, node, shape }, service);
  }

  #put(provider: Provider, service: string): void {
    const view = this.#services.get(service) ?? new ServiceView();
    this.#services.set(service, view);
    view.providers.set(provider.client, provider);
    view.changed();
  }

  #drop(service: string, client: string): boolean {
    const view = this.#services.get(service);
    if (!view?.providers.delete(client)) return false;
    view.changed();
    if (view.providers.size === 0) this.#services.delete(service);
    const name = `${service}/${client}`;
    this.chars -= this.#sizes.get(name) ?? 0;
    this.#sizes.delete(name);
    return true;
  }
}
