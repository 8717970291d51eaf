import assert from "node:assert/strict";
import { MAX_OFFER_BYTES, MAX_OFFERS, type ServiceOffer } from "../../backend/backend.ts";
import type { NodeId } from "../../core/ids.ts";
import { decodeServiceChange, type ServiceChange } from "../../protocol/service_change.ts";
import { beat, buried, cleaned, type ContractTest, inBatches, type NamedNode, openNodes } from "./kit.ts";

const FENCE = "the fence of a test";

/** An offer of a client of `node`, with the id that a real one would have. */
function offerOf(node: NodeId, service: string, sequence = 1, text = "é"): ServiceOffer {
  return { service, client: `${node}.${sequence}.abcdef`, descriptor: JSON.stringify({ id: service, text }) };
}

async function liveNodes(cluster: Parameters<ContractTest["run"]>[0], count: number): Promise<NamedNode[]> {
  const nodes = await openNodes(cluster, count);
  for (const node of nodes) await beat(node);
  return nodes;
}

function byName(offers: readonly ServiceOffer[] | undefined): ServiceOffer[] {
  const nameOf = ({ service, client }: ServiceOffer) => `${service}/${client}`;
  return [...offers ?? []].sort((x, y) => nameOf(x) < nameOf(y) ? -1 : 1);
}

/** Checks what is offered in `workspace`, as `reader` sees it. */
async function offered(reader: NamedNode, workspace: string, wanted: readonly ServiceOffer[]): Promise<void> {
  const { offers } = await reader.backend.services.read(workspace);
  assert.deepEqual(byName(offers), byName(wanted));
}

/** The changes that `node` was told, up to a fence that it sends now. */
async function told(node: NamedNode): Promise<ServiceChange[]> {
  const { listener, backend } = node;
  const before = listener.nodeMessages.filter((text) => text === FENCE).length;
  await backend.bus.sendToAll(FENCE);
  await listener.until(
    "the fence",
    () => listener.nodeMessages.filter((text) => text === FENCE).length > before,
  );
  return listener.nodeMessages.map(decodeServiceChange).filter((change) => change !== undefined);
}

/** What {@linkcode Services} promises. */
export const serviceTests: readonly ContractTest[] = [
  {
    says: "services.put() is read by every node, in its workspace alone, and replaced by a later one",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      assert.deepEqual(await b.backend.services.read("w"), { offers: [] });
      const [one, two] = [offerOf(a.id, "math"), offerOf(b.id, "math", 2)];
      assert.equal(await a.backend.services.put("w", one), "taken");
      assert.equal(await b.backend.services.put("w", two), "taken");
      for (const node of [a, b]) await offered(node, "w", [one, two]);
      await offered(a, "other", []);
      const newer = offerOf(a.id, "math", 1, "newer\n🚀");
      await a.backend.services.put("w", newer);
      await offered(b, "w", [newer, two]);
    },
  },
  {
    says: "services.remove() removes an offer of this node alone, once",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      const [one, two] = [offerOf(a.id, "math"), offerOf(a.id, "text")];
      for (const offer of [one, two]) await a.backend.services.put("w", offer);
      assert.equal(await b.backend.services.remove("w", "math", one.client), false);
      assert.equal(await a.backend.services.remove("w", "math", one.client), true);
      assert.equal(await a.backend.services.remove("w", "math", one.client), false);
      await offered(b, "w", [two]);
    },
  },
  {
    says: "services tell every node each change once, in the order of their versions, with what changed",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      const offer = offerOf(a.id, "math", 1, "line\nbreak é");
      await a.backend.services.put("w", offer);
      await a.backend.services.put("w", offer);
      await a.backend.services.put("w", offerOf(a.id, "math", 1, "new"));
      await a.backend.services.remove("w", "math", offer.client);
      for (const node of [a, b]) {
        const changes = await told(node);
        const texts = changes.map(({ descriptor }) => descriptor);
        assert.deepEqual(texts, [offer.descriptor, offerOf(a.id, "math", 1, "new").descriptor, undefined]);
        assert.deepEqual(changes.map(({ version }) => version.number), [1, 2, 3]);
        assert.equal(new Set(changes.map(({ version }) => version.epoch)).size, 1);
        const names = changes.map(({ workspace, service, client }) => `${workspace} ${service} ${client}`);
        assert.deepEqual(new Set(names), new Set([`w math ${offer.client}`]));
      }
    },
  },
  {
    says: "services.read() answers the version of the last change, and no offers to who knows it",
    async run(cluster) {
      const [a] = await liveNodes(cluster, 1);
      assert.ok(a);
      const { services } = a.backend;
      await services.put("w", offerOf(a.id, "math"));
      await services.put("w", offerOf(a.id, "text"));
      const { version, offers } = await services.read("w");
      assert.deepEqual(version, (await told(a)).at(-1)?.version);
      assert.equal(offers?.length, 2);
      assert.ok(version);
      assert.deepEqual(await services.read("w", version), { version });
      for (const other of [{ ...version, number: 1 }, { ...version, epoch: "other" }]) {
        assert.equal((await services.read("w", other)).offers?.length, 2);
      }
    },
  },
  {
    says: "services of a buried node are not read, cleaned with a word each, and not written again",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      const lost = Array.from({ length: 300 }, (_, i) => offerOf(a.id, `s${i}`));
      await Promise.all(lost.map((offer) => a.backend.services.put("w", offer)));
      const kept = offerOf(b.id, "math");
      await b.backend.services.put("w", kept);
      await buried(a.id, b);
      await offered(b, "w", [kept]);
      assert.equal(await a.backend.services.put("w", offerOf(a.id, "late")), "buried");
      assert.equal(await a.backend.services.remove("w", "s0", `${a.id}.1.abcdef`), false);
      await cleaned(a.id, b);
      const gone = (await told(b)).filter(({ descriptor }) => descriptor === undefined);
      assert.deepEqual(gone.map(({ service }) => service).sort(), lost.map(({ service }) => service).sort());
      assert.equal(await a.backend.services.put("w", offerOf(a.id, "late")), "buried");
      await offered(b, "w", [kept]);
    },
  },
  {
    says: "leave() takes the services of the node out, with a word each",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await a.backend.services.put("w", offerOf(a.id, "math"));
      await a.backend.services.put("v", offerOf(a.id, "math"));
      await a.backend.registry.leave();
      for (const workspace of ["w", "v"]) await offered(b, workspace, []);
      assert.equal((await told(b)).filter(({ descriptor }) => descriptor === undefined).length, 2);
    },
  },
  {
    says: "services.put() answers full for what a workspace has no room for, and takes it when there is some",
    async run(cluster) {
      const [a] = await liveNodes(cluster, 1);
      assert.ok(a);
      const { services } = a.backend;
      const large = (service: string) => offerOf(a.id, service, 1, "x".repeat(MAX_OFFER_BYTES / 2 - 100));
      await services.put("w", large("one"));
      await services.put("w", large("two"));
      assert.equal(await services.put("w", large("three")), "full");
      await services.put("w", large("two"));
      await services.put("other", large("three"));
      await services.remove("w", "one", large("one").client);
      await services.put("w", large("three"));
      const many = Array.from({ length: MAX_OFFERS }, (_, i) => offerOf(a.id, `s${i}`, 1, ""));
      await inBatches(many, (offer) => services.put("many", offer));
      assert.equal(await services.put("many", offerOf(a.id, "last")), "full");
      await services.put("many", offerOf(a.id, "s0", 1, "changed"));
    },
  },
];
