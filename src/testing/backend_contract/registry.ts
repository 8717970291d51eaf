import assert from "node:assert/strict";
import { IDLE, recordOf } from "../node_records.ts";
import {
  beat,
  buried,
  cleaned,
  clientsFor,
  type ContractTest,
  eventually,
  openNodes,
  suspicionOf,
} from "./kit.ts";

/** What {@linkcode Registry} promises of nodes: beats, suspicion, burial, clean-up. */
export const nodeTests: readonly ContractTest[] = [
  {
    says: "beat() answers isNew at the first beat only, and counts the nodes",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const first = await beat(a);
      assert.equal(first.standing, "member");
      assert.equal(first.isNew, true);
      assert.equal(first.nodeCount, 1);
      assert.equal(first.clientCount, 0);
      assert.deepEqual(first.suspects, []);
      assert.deepEqual(first.unfinished, []);
      const second = await beat(a);
      assert.equal(second.isNew, false);
      assert.equal(second.generation, first.generation);
      assert.ok(second.nowMs >= first.nowMs);
      assert.equal((await beat(b)).nodeCount, 2);
    },
  },
  {
    says: "nodes() answers the record of the last beat with its age",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      const stats = { ...IDLE, connections: 7, cpuPercent: 12.5 };
      const change = { address: "[::1]:9000", version: "1.2.3 é", isDraining: true, stats };
      await a.backend.registry.beat(recordOf(a.id, change), 60_000);
      await beat(b);
      const rows = await b.backend.registry.nodes();
      assert.deepEqual(rows.map((row) => row.node).sort(), [a.id, b.id].sort());
      const row = rows.find((each) => each.node === a.id);
      assert.ok(row);
      const { silentMs, ...record } = row;
      assert.deepEqual(record, recordOf(a.id, change));
      assert.ok(silentMs >= 0 && silentMs < 5_000, `silentMs is ${silentMs}`);
    },
  },
  {
    says: "nodes() lets silentMs grow without a beat, and a beat brings it down",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const silence = async () =>
        (await b.backend.registry.nodes()).find((row) => row.node === a.id)?.silentMs ?? 0;
      await beat(a);
      const before = await eventually("silence", async () => {
        const silentMs = await silence();
        return silentMs >= 100 ? silentMs : undefined;
      });
      await beat(a);
      assert.ok(await silence() < before);
    },
  },
  {
    says:
      "beat() answers suspects only past suspectAfterMs, never the asker, with a listener while connected",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const { nowMs } = await beat(a);
      assert.deepEqual((await beat(b, 60_000)).suspects, []);
      const suspicion = await suspicionOf(a.id, b);
      assert.equal(suspicion.hasListener, true);
      assert.ok(Math.abs(suspicion.beatMs - nowMs) <= 1, `${suspicion.beatMs} is not ${nowMs}`);
      assert.ok((await beat(b, 1)).suspects.every((each) => each.node !== b.id));
    },
  },
  {
    says: "beat() answers a suspect without a listener once its backend is closed, or has forgotten it",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await a.backend.close();
      await eventually("the loss of the listener", async () => {
        const { suspects, nodeCount } = await beat(b, 1);
        if (cluster.forgetsClosedNodes) return nodeCount === 1 ? true : undefined;
        return suspects.some((each) => each.node === a.id && !each.hasListener) ? true : undefined;
      });
    },
  },
  {
    says: "bury() is refused when the node has beaten since",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      const { beatMs } = await suspicionOf(a.id, b);
      await eventually("a later beat", async () => (await beat(a)).nowMs > beatMs ? true : undefined);
      assert.equal(await b.backend.registry.bury(a.id, beatMs, 60_000), false);
      assert.equal((await beat(a)).standing, "member");
    },
  },
  {
    says: "bury() lets exactly one of many concurrent buriers win",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await beat(a);
      const { beatMs } = await suspicionOf(a.id, b);
      const tries = [b, c, b, c].map((each) => each.backend.registry.bury(a.id, beatMs, 60_000));
      const won = (await Promise.all(tries)).filter((each) => each);
      assert.equal(won.length, 1);
    },
  },
  {
    says: "bury() takes the node out of nodes(), suspects and nodeCount at once",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await buried(a.id, b);
      const answer = await beat(b, 1);
      assert.equal(answer.nodeCount, 1);
      assert.ok(answer.suspects.every((each) => each.node !== a.id));
      assert.deepEqual((await b.backend.registry.nodes()).map((row) => row.node), [b.id]);
    },
  },
  {
    says: "beat() of a buried node answers buried and does not bring it back, before and after the clean-up",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await buried(a.id, b);
      assert.equal((await beat(a)).standing, "buried");
      await cleaned(a.id, b);
      assert.equal((await beat(a)).standing, "buried");
      assert.equal((await beat(b)).nodeCount, 1);
    },
  },
  {
    says: "beat() names an unfinished clean-up once its claim ran out, and bury() resumes it",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await beat(a);
      await a.backend.registry.putClients(clientsFor(a.id, 2_500));
      const { beatMs } = await suspicionOf(a.id, b);
      await buried(a.id, b, 100);
      await eventually(
        "the end of the claim",
        async () => (await beat(c)).unfinished.includes(a.id) ? true : undefined,
      );
      const tries = [b, c].map((each) => each.backend.registry.bury(a.id, beatMs, 60_000));
      assert.equal((await Promise.all(tries)).filter((each) => each).length, 1);
      assert.deepEqual((await beat(c)).unfinished, []);
      await cleaned(a.id, c);
      assert.deepEqual(await c.backend.registry.clientsOf(a.id), []);
      assert.equal(await b.backend.registry.bury(a.id, beatMs, 60_000), false);
      assert.deepEqual((await beat(c)).unfinished, []);
    },
  },
  {
    says: "beat() does not name a clean-up whose claim still runs",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await a.backend.registry.putClients(clientsFor(a.id, 1));
      await buried(a.id, b, 60_000);
      assert.deepEqual((await beat(b)).unfinished, []);
    },
  },
  {
    says: "clean() removes all that a buried node left and nothing of a live one",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([beat(a), beat(b)]);
      await a.backend.registry.putClients(clientsFor(a.id, 1_500));
      await b.backend.registry.putClients(clientsFor(b.id, 3));
      await b.backend.registry.clean(a.id);
      assert.equal((await a.backend.registry.clientsOf(a.id)).length, 1_500);
      await buried(a.id, b);
      await cleaned(a.id, b);
      assert.deepEqual(await b.backend.registry.clientsOf(a.id), []);
      assert.equal((await b.backend.registry.clientsOf(b.id)).length, 3);
    },
  },
  {
    says: "leave() takes the node and its records out, and leaves nothing to clean",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await a.backend.registry.putClients(clientsFor(a.id, 10));
      await a.backend.registry.leave();
      const answer = await beat(b, 1);
      assert.equal(answer.nodeCount, 1);
      assert.deepEqual([...answer.suspects, ...answer.unfinished], []);
      assert.deepEqual((await b.backend.registry.nodes()).map((row) => row.node), [b.id]);
      assert.deepEqual(await b.backend.registry.clientsOf(a.id), []);
    },
  },
];

/** What {@linkcode Registry} promises of client records. */
export const clientTests: readonly ContractTest[] = [
  {
    says: "putClients() writes records that every node reads, and the beat counts them",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      const records = clientsFor(a.id, 3);
      assert.equal(await a.backend.registry.putClients(records), true);
      assert.equal(await a.backend.registry.putClients(records.slice(0, 1)), true);
      const found = await b.backend.registry.clientsOf(a.id);
      assert.deepEqual([...found].sort((x, y) => x.connectedMs - y.connectedMs), records);
      assert.equal((await beat(a)).clientCount, 3);
      assert.equal((await beat(b)).clientCount, 0);
    },
  },
  {
    says: "putClients() writes the newer record over the older",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await beat(a);
      const [record] = clientsFor(a.id, 1);
      assert.ok(record);
      await a.backend.registry.putClients([record]);
      const newer = { ...record, user: 'line\nbreak " é {}', name: "" };
      await a.backend.registry.putClients([newer]);
      assert.deepEqual(await a.backend.registry.clientsOf(a.id), [newer]);
    },
  },
  {
    says: "putClients() and dropClients() take empty lists and unknown clients",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await beat(a);
      assert.equal(await a.backend.registry.putClients([]), true);
      await a.backend.registry.dropClients([]);
      await a.backend.registry.dropClients(["unknown"]);
      assert.deepEqual(await a.backend.registry.clientsOf(a.id), []);
    },
  },
  {
    says: "dropClients() removes the named records only",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      const [first, second, third] = clientsFor(a.id, 3);
      assert.ok(first && second && third);
      await a.backend.registry.putClients([first, second, third]);
      await a.backend.registry.dropClients([first.client, third.client]);
      assert.deepEqual(await b.backend.registry.clientsOf(a.id), [second]);
      assert.equal((await beat(a)).clientCount, 1);
    },
  },
  {
    says: "replaceClients() leaves exactly the given records, 0 and 6000 included",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await beat(a);
      await a.backend.registry.putClients(clientsFor(a.id, 10, "old"));
      const records = clientsFor(a.id, 6_000, "new");
      assert.equal(await a.backend.registry.replaceClients(records), true);
      const found = await a.backend.registry.clientsOf(a.id);
      assert.deepEqual(found.map((each) => each.client).sort(), records.map((each) => each.client).sort());
      assert.equal((await beat(a)).clientCount, 6_000);
      assert.equal(await a.backend.registry.replaceClients([]), true);
      assert.equal((await beat(a)).clientCount, 0);
    },
  },
  {
    says: "putClients() and replaceClients() of a buried node answer false and change nothing",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await beat(a);
      await a.backend.registry.putClients(clientsFor(a.id, 1));
      await buried(a.id, b);
      const before = await b.backend.registry.clientsOf(a.id);
      assert.equal(await a.backend.registry.putClients(clientsFor(a.id, 5, "late")), false);
      assert.equal(await a.backend.registry.replaceClients(clientsFor(a.id, 5, "late")), false);
      assert.deepEqual(await b.backend.registry.clientsOf(a.id), before);
      await cleaned(a.id, b);
      assert.equal(await a.backend.registry.putClients(clientsFor(a.id, 5, "late")), false);
      assert.deepEqual(await b.backend.registry.clientsOf(a.id), []);
    },
  },
];
