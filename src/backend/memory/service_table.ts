import type { NodeId } from "../../core/ids.ts";
import { utf8Length } from "../../core/utf8.ts";
import { encodeServiceChange, type OffersVersion } from "../../protocol/service_change.ts";
import {
  MAX_OFFER_BYTES,
  MAX_OFFERS,
  type OfferList,
  type PutOutcome,
  type ServiceOffer,
} from "../backend.ts";
import { EntriesByNode } from "./entries_by_node.ts";

interface Entry {
  readonly node: NodeId;
  readonly workspace: string;
  readonly offer: ServiceOffer;
  readonly bytes: number;
}

interface Offers {
  readonly epoch: string;
  number: number;
  bytes: number;
  readonly entries: Map<string, Entry>;
}

/** What the table needs of its surroundings. */
export interface ServiceTableOptions {
  /** Hands a change to every node. */
  readonly tell: (text: string) => void;
  /** Whether `node` was declared dead. */
  readonly isBuried: (node: NodeId) => boolean;
  readonly newEpoch: () => string;
}

/** Which clients offer services, and by which node: the same promises as {@linkcode Services}, without waiting. */
export class ServiceTable {
  readonly #options: ServiceTableOptions;
  readonly #workspaces = new Map<string, Offers>();
  readonly #owned = new EntriesByNode<Entry>();

  constructor(options: ServiceTableOptions) {
    this.#options = options;
  }

  /** See {@linkcode Services.put}. */
  put(node: NodeId, workspace: string, offer: ServiceOffer): PutOutcome {
    if (this.#options.isBuried(node)) return "buried";
    const offers = this.#offersOf(workspace);
    const old = offers.entries.get(fieldOf(offer));
    if (old?.node === node && old.offer.descriptor === offer.descriptor) return "taken";
    const entry = { node, workspace, offer, bytes: utf8Length(offer.descriptor) };
    if (!hasRoom(offers, entry, old)) return "full";
    if (old !== undefined) this.#forget(offers, old);
    this.#keep(offers, entry);
    this.#tell(workspace, offers, offer, offer.descriptor);
    return "taken";
  }

  /** See {@linkcode Services.remove}. */
  remove(node: NodeId, workspace: string, service: string, client: string): boolean {
    const entry = this.#workspaces.get(workspace)?.entries.get(fieldOf({ service, client }));
    if (entry?.node !== node || this.#options.isBuried(node)) return false;
    this.#remove(entry);
    return true;
  }

  /** See {@linkcode Services.read}. */
  read(workspace: string, known?: OffersVersion): OfferList {
    const offers = this.#workspaces.get(workspace);
    if (offers === undefined) return { offers: [] };
    const version = { epoch: offers.epoch, number: offers.number };
    const isKnown = known?.epoch === version.epoch && known.number === version.number;
    if (isKnown) return { version };
    const live = [...offers.entries.values()].filter(({ node }) => !this.#options.isBuried(node));
    return { version, offers: live.map(({ offer }) => offer) };
  }

  /** Removes at most `most` offers of `node`, whatever became of it, and answers how many it removed. */
  drop(node: NodeId, most: number): number {
    return this.#owned.drop(node, most, (entry) => this.#remove(entry));
  }

  /** Workspaces with at least one offer. */
  get size(): number {
    return this.#workspaces.size;
  }

  #offersOf(workspace: string): Offers {
    const known = this.#workspaces.get(workspace);
    if (known !== undefined) return known;
    return { epoch: this.#options.newEpoch(), number: 0, bytes: 0, entries: new Map() };
  }

  #keep(offers: Offers, entry: Entry): void {
    this.#workspaces.set(entry.workspace, offers);
    this.#owned.add(entry);
    offers.entries.set(fieldOf(entry.offer), entry);
    offers.bytes += entry.bytes;
  }

  #remove(entry: Entry): void {
    const { workspace, offer } = entry;
    const offers = this.#workspaces.get(workspace);
    if (offers === undefined) return;
    this.#forget(offers, entry);
    this.#tell(workspace, offers, offer, undefined);
    // The next offer begins another epoch, so that no reader takes its state for one it knows.
    if (offers.entries.size === 0) this.#workspaces.delete(workspace);
  }

  #forget(offers: Offers, entry: Entry): void {
    offers.entries.delete(fieldOf(entry.offer));
    offers.bytes -= entry.bytes;
    this.#owned.delete(entry);
  }

  #tell(
    workspace: string,
    offers: Offers,
    { service, client }: Pick<ServiceOffer, "service" | "client">,
    descriptor: string | undefined,
  ): void {
    const version = { epoch: offers.epoch, number: ++offers.number };
    this.#options.tell(encodeServiceChange({ workspace, version, service, client, descriptor }));
  }
}

function hasRoom({ entries, bytes }: Offers, entry: Entry, old: Entry | undefined): boolean {
  if (old === undefined && entries.size >= MAX_OFFERS) return false;
  return bytes - (old?.bytes ?? 0) + entry.bytes <= MAX_OFFER_BYTES;
}

function fieldOf({ service, client }: Pick<ServiceOffer, "service" | "client">): string {
  return `${service}/${client}`;
}
