import { type NodeId, nodeOfClient, randomText } from "../../core/ids.ts";
import { type OffersVersion, SERVICE_CHANGE_HEAD } from "../../protocol/service_change.ts";
import {
  MAX_OFFER_BYTES,
  MAX_OFFERS,
  type OfferList,
  type PutOutcome,
  type ServiceOffer,
  type Services,
} from "../backend.ts";
import type { ControlClient } from "./control.ts";
import type { Controls } from "./controls.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asNumber, asText } from "./reply.ts";

/** The version of an empty workspace is kept for so long, so that readers who know it need not read again. */
const META_TTL_MS = 24 * 3_600_000;
const EPOCH_CHARACTERS = 8;
const OFFERS_PER_SCRIPT = 250;

/** Offers of services in Redis. Writing is one script that also tells it; reading is one, and then asks who is dead. */
export class RedisServices implements Services {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;
  readonly #node: NodeId;

  constructor(controls: Controls, keys: RedisKeys, node: NodeId) {
    this.#controls = controls;
    this.#keys = keys;
    this.#node = node;
  }

  put(workspace: string, { service, client, descriptor }: ServiceOffer): Promise<PutOutcome> {
    const words = [...this.#wordsOf(workspace), `${service}/${client}`, descriptor];
    const bounds = [randomText(EPOCH_CHARACTERS), MAX_OFFERS, MAX_OFFER_BYTES];
    return this.#controls.inRegistry(async (redis) => {
      const outcome = await redis.shoalServicesPut(...this.#keysOf(workspace), ...words, ...bounds);
      return outcome === 1 ? "taken" : outcome === 0 ? "buried" : "full";
    });
  }

  remove(workspace: string, service: string, client: string): Promise<boolean> {
    const words = [...this.#wordsOf(workspace), `${service}/${client}`];
    return this.#controls.inRegistry(async (redis) =>
      await redis.shoalServicesRemove(...this.#keysOf(workspace), ...words) === 1
    );
  }

  read(workspace: string, known?: OffersVersion): Promise<OfferList> {
    const keys = [this.#keys.services(workspace), this.#keys.servicesMeta(workspace)];
    const words = [known?.epoch ?? "", known?.number ?? ""];
    return this.#controls.inRegistry(async (redis) => {
      const [epoch, number, cells] = asList(await redis.shoalServicesRead(...keys, ...words));
      const version = { epoch: asText(epoch), number: asNumber(number) };
      if (cells === undefined) return { version };
      const offers = await liveOffers(redis, this.#keys, offersOf(asList(cells)));
      return version.epoch === "" ? { offers } : { version, offers };
    });
  }

  #keysOf(workspace: string): readonly string[] {
    const { services, servicesMeta, ownedServices, tomb } = this.#keys;
    return [services(workspace), servicesMeta(workspace), ownedServices(this.#node), tomb(this.#node)];
  }

  #wordsOf(workspace: string): readonly (string | number)[] {
    return [this.#keys.all, SERVICE_CHANGE_HEAD, META_TTL_MS, workspace];
  }
}

/** Removes one bounded batch of a node's offers and tells each. Resolves with true when nothing is left. */
export async function cleanServices(controls: Controls, keys: RedisKeys, node: NodeId): Promise<boolean> {
  const { all, servicesPrefix, servicesMetaPrefix } = keys;
  const words = [
    all,
    SERVICE_CHANGE_HEAD,
    META_TTL_MS,
    servicesPrefix,
    servicesMetaPrefix,
    OFFERS_PER_SCRIPT,
  ];
  return asNumber(
    await controls.inRegistry((redis) => redis.shoalServicesClean(keys.ownedServices(node), ...words)),
  ) === 0;
}

function offersOf(cells: readonly unknown[]): readonly ServiceOffer[] {
  const offers: ServiceOffer[] = [];
  for (let i = 0; i + 1 < cells.length; i += 2) {
    const field = asText(cells[i]);
    const slash = field.indexOf("/");
    const [service, client] = [field.slice(0, slash), field.slice(slash + 1)];
    offers.push({ service, client, descriptor: asText(cells[i + 1]) });
  }
  return offers;
}

/** One question for all nodes; nothing is remembered, for a node dies between two. */
async function liveOffers(
  redis: ControlClient,
  keys: RedisKeys,
  offers: readonly ServiceOffer[],
): Promise<readonly ServiceOffer[]> {
  const nodes = [...new Set(offers.map(({ client }) => nodeOfClient(client)))].filter((node) =>
    node !== undefined
  );
  if (nodes.length === 0) return offers;
  const tombs = await redis.mget(nodes.map((node) => keys.tomb(node)));
  const dead = new Set<NodeId | undefined>(nodes.filter((_, i) => tombs[i] !== null));
  return dead.size === 0 ? offers : offers.filter(({ client }) => !dead.has(nodeOfClient(client)));
}
