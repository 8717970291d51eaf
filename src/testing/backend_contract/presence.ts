import assert from "node:assert/strict";
import type { PresenceMember } from "../../backend/backend.ts";
import type { NodeId } from "../../core/ids.ts";
import { encodeJoin, encodeLeave } from "../../protocol/envelope.ts";
import { AWKWARD_CHANNELS } from "./bus.ts";
import {
  beat,
  buried,
  cleaned,
  type ContractTest,
  eventually,
  isTemporary,
  type NamedNode,
  numbers,
  openNodes,
  published,
} from "./kit.ts";

const FENCE = "the fence";

/** A client of `node`, with the id that a real one would have. */
function memberOf(node: NodeId, sequence: number | string, user = `user ${sequence} é`): PresenceMember {
  const client = `${node}.${sequence}.abcdef`;
  return { client, info: JSON.stringify({ ...(user && { user }), client, conn_info: { name: 'a "b"\n' } }) };
}

/** Opens nodes that have beaten: readers know them for alive. */
async function liveNodes(
  cluster: Parameters<ContractTest["run"]>[0],
  count: number,
): Promise<NamedNode[]> {
  const nodes = await openNodes(cluster, count);
  for (const node of nodes) await beat(node);
  return nodes;
}

function byClient(members: readonly PresenceMember[]): PresenceMember[] {
  return [...members].sort((x, y) => x.client < y.client ? -1 : x.client > y.client ? 1 : 0);
}

/** Checks who is present, as `reader` sees it. */
async function present(reader: NamedNode, channel: string, wanted: readonly PresenceMember[]): Promise<void> {
  const found = await reader.backend.presence.members(channel);
  assert.deepEqual(byClient(found), byClient(wanted));
  assert.equal((await reader.backend.presence.stats(channel)).clients, wanted.length);
}

/** What `node` heard on `channel` up to a fence that it publishes now. */
async function heard(node: NamedNode, channel: string): Promise<string[]> {
  await published(node, channel, FENCE);
  await node.listener.until("the fence", () => node.listener.on(channel).includes(FENCE));
  return node.listener.on(channel).filter((text) => text !== FENCE);
}

/** What {@linkcode Presence} promises of live nodes. */
const memberTests: readonly ContractTest[] = [
  {
    says: "presence.add() answers true for a new member, false for a renewed one, and every node reads it",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await present(b, "room", []);
      const [one, two] = [memberOf(a.id, 1), memberOf(b.id, 2)];
      assert.equal(await a.backend.presence.add("room", one, true), true);
      assert.equal(await a.backend.presence.add("room", one, true), false);
      assert.equal(await b.backend.presence.add("room", two, true), true);
      for (const reader of [a, b]) await present(reader, "room", [one, two]);
      const newer = { ...one, info: JSON.stringify({ user: "new", client: one.client }) };
      assert.equal(await a.backend.presence.add("room", newer, true), false);
      await present(b, "room", [newer, two]);
    },
  },
  {
    says: "presence.remove() answers whether the member was there, and channels are apart",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      const one = memberOf(a.id, 1);
      assert.equal(await a.backend.presence.remove("room", one.client), false);
      await a.backend.presence.add("room", one, false);
      await a.backend.presence.add("other", one, false);
      assert.equal(await a.backend.presence.remove("room", one.client), true);
      assert.equal(await a.backend.presence.remove("room", one.client), false);
      await present(b, "room", []);
      await present(b, "other", [one]);
      assert.equal(await a.backend.presence.add("room", one, false), true);
      await present(b, "room", [one]);
    },
  },
  {
    says: "presence.stats() counts clients, and users by the user field of info, none being one",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      assert.deepEqual(await a.backend.presence.stats("room"), { clients: 0, users: 0 });
      await a.backend.presence.add("room", memberOf(a.id, 1, "ann"), false);
      await a.backend.presence.add("room", memberOf(a.id, 2, "ann"), false);
      await b.backend.presence.add("room", memberOf(b.id, 1, "ann"), false);
      await b.backend.presence.add("room", memberOf(b.id, 2, "bob"), false);
      assert.deepEqual(await a.backend.presence.stats("room"), { clients: 4, users: 2 });
      await a.backend.presence.add("room", memberOf(a.id, 3, ""), false);
      await b.backend.presence.add("room", memberOf(b.id, 3, ""), false);
      assert.deepEqual(await b.backend.presence.stats("room"), { clients: 6, users: 3 });
      await b.backend.presence.remove("room", memberOf(b.id, 2).client);
      await a.backend.presence.add("room", memberOf(a.id, 2, "cid"), false);
      assert.deepEqual(await a.backend.presence.stats("room"), { clients: 5, users: 3 });
    },
  },
  {
    says: "presence keeps awkward channels apart",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      for (const [i, channel] of AWKWARD_CHANNELS.entries()) {
        assert.equal(await a.backend.presence.add(channel, memberOf(a.id, i), true), true);
      }
      for (const [i, channel] of AWKWARD_CHANNELS.entries()) {
        await present(b, channel, [memberOf(a.id, i)]);
        assert.equal(await a.backend.presence.remove(channel, memberOf(a.id, i).client), true);
        await present(b, channel, []);
      }
    },
  },
  {
    says: "presence.members() answers all of 5000 members of 4 KiB each",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      const rest = "é".repeat(2_000);
      const members = numbers(5_000).map((i) => {
        const { client } = memberOf(a.id, i);
        return { client, info: JSON.stringify({ user: i, client, chan_info: rest }) };
      });
      for (let from = 0; from < members.length; from += 500) {
        const batch = members.slice(from, from + 500);
        await Promise.all(batch.map((member) => a.backend.presence.add("room", member, false)));
      }
      const found = byClient(await b.backend.presence.members("room"));
      assert.equal(found.length, members.length);
      assert.deepEqual(found, byClient(members));
      assert.deepEqual(await b.backend.presence.stats("room"), { clients: 5_000, users: 5_000 });
    },
  },
];

/** What {@linkcode Presence} promises of joins and leaves. */
const announcementTests: readonly ContractTest[] = [
  {
    says: "presence announces one join and one leave of a member, to every subscriber of its channel",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([a, b].map((each) => each.backend.bus.subscribe("room")));
      const one = memberOf(a.id, 1);
      const renewed = { ...one, info: JSON.stringify({ user: "renewed", client: one.client }) };
      await Promise.all([one, one, renewed].map((member) => a.backend.presence.add("room", member, true)));
      const removed = [1, 2, 3].map(() => a.backend.presence.remove("room", one.client));
      assert.deepEqual((await Promise.all(removed)).filter((each) => each), [true]);
      for (const node of [a, b]) {
        assert.deepEqual(await heard(node, "room"), [encodeJoin(one.info), encodeLeave(renewed.info)]);
      }
    },
  },
  {
    says: "presence stays silent without isAnnounced",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      await a.backend.presence.add("room", memberOf(a.id, 1), false);
      await a.backend.presence.add("room", memberOf(a.id, 1), false);
      await a.backend.presence.remove("room", memberOf(a.id, 1).client);
      await a.backend.presence.remove("room", memberOf(a.id, 1).client);
      assert.deepEqual(await heard(b, "room"), []);
    },
  },
];

/** What {@linkcode Presence} promises of nodes that died or left. */
const deathTests: readonly ContractTest[] = [
  {
    says: "presence of a buried node is not answered at once, before its clean-up",
    async run(cluster) {
      const [a, b, c] = await liveNodes(cluster, 3);
      assert.ok(a && b && c);
      await b.backend.bus.subscribe("room");
      await a.backend.presence.add("room", memberOf(a.id, 1, "ann"), true);
      await a.backend.presence.add("room", memberOf(a.id, 2, "both"), true);
      await b.backend.presence.add("room", memberOf(b.id, 1, "both"), true);
      await present(c, "room", [
        memberOf(a.id, 1, "ann"),
        memberOf(a.id, 2, "both"),
        memberOf(b.id, 1, "both"),
      ]);
      await buried(a.id, b);
      for (const reader of [a, b, c]) await present(reader, "room", [memberOf(b.id, 1, "both")]);
      assert.deepEqual(await c.backend.presence.stats("room"), { clients: 1, users: 1 });
      assert.deepEqual((await heard(b, "room")).filter((text) => text.startsWith(encodeLeave(""))), []);
    },
  },
  {
    says: "clean() of a buried node announces each leave exactly once, two cleaners or not",
    async run(cluster) {
      const [a, b, c] = await liveNodes(cluster, 3);
      assert.ok(a && b && c);
      const channels = numbers(20).map((i) => `room ${i}`);
      await Promise.all(channels.flatMap((each) => [b, c].map(({ backend }) => backend.bus.subscribe(each))));
      const many = numbers(1_200).map((i) => memberOf(a.id, i));
      await Promise.all(many.map((member) => a.backend.presence.add("room 0", member, true)));
      const few = numbers(5).map((i) => memberOf(a.id, i));
      for (const channel of channels.slice(1)) {
        await Promise.all(few.map((member) => a.backend.presence.add(channel, member, true)));
        await b.backend.presence.add(channel, memberOf(b.id, 1), true);
      }
      await a.backend.presence.add("room 1", memberOf(a.id, "silent"), false);
      await buried(a.id, b);
      await Promise.all([b, c].map((each) => cleaned(a.id, each)));
      for (const node of [b, c]) {
        for (const channel of channels) {
          const leaves = (await heard(node, channel)).filter((text) => text.startsWith(encodeLeave("")));
          const wanted = (channel === "room 0" ? many : few).map((member) => encodeLeave(member.info));
          assert.deepEqual(leaves.sort(), wanted.sort(), `leaves of ${channel}`);
        }
      }
      await present(c, "room 0", []);
      await present(c, "room 1", [memberOf(b.id, 1)]);
    },
  },
  {
    says: "clean() of a node that is not buried leaves its members alone",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      await a.backend.presence.add("room", memberOf(a.id, 1), true);
      await b.backend.registry.clean(a.id);
      await present(b, "room", [memberOf(a.id, 1)]);
      assert.deepEqual(await heard(b, "room"), [encodeJoin(memberOf(a.id, 1).info)]);
    },
  },
  {
    says: "presence.add() and remove() of a buried node answer false and change nothing, whenever they come",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      const [one, late] = [memberOf(a.id, 1), memberOf(a.id, "late")];
      await a.backend.presence.add("room", one, true);
      await buried(a.id, b);
      const tryAll = async () => {
        assert.equal(await a.backend.presence.add("room", late, true), false);
        assert.equal(await a.backend.presence.add("room", { ...one, info: "{}" }, true), false);
        assert.equal(await a.backend.presence.add("fresh room", late, true), false);
        assert.equal(await a.backend.presence.remove("room", one.client), false);
        for (const channel of ["room", "fresh room"]) await present(b, channel, []);
      };
      await tryAll();
      await cleaned(a.id, b);
      await tryAll();
      await cleaned(a.id, b);
      assert.deepEqual(await heard(b, "room"), [encodeJoin(one.info), encodeLeave(one.info)]);
    },
  },
  {
    says: "leave() takes the members of the node out and announces what they left",
    async run(cluster) {
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      const one = memberOf(a.id, 1);
      await a.backend.presence.add("room", one, true);
      await b.backend.presence.add("room", memberOf(b.id, 1), false);
      await a.backend.registry.leave();
      await present(b, "room", [memberOf(b.id, 1)]);
      assert.deepEqual(await heard(b, "room"), [encodeJoin(one.info), encodeLeave(one.info)]);
    },
  },
  {
    says: "close() of a backend that forgets closed nodes announces its members' leaves once",
    async run(cluster) {
      if (!cluster.forgetsClosedNodes) return;
      const [a, b] = await liveNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      const members = numbers(50).map((i) => memberOf(a.id, i));
      await Promise.all(members.map((member) => a.backend.presence.add("room", member, true)));
      await a.backend.close();
      await eventually("the end of its members", async () => {
        return (await b.backend.presence.members("room")).length === 0 ? true : undefined;
      });
      const leaves = (await heard(b, "room")).filter((text) => text.startsWith(encodeLeave("")));
      assert.deepEqual(leaves.sort(), members.map((member) => encodeLeave(member.info)).sort());
    },
  },
  {
    says: "presence operations after close() fail with the temporary error 100",
    async run(cluster) {
      const [a] = await liveNodes(cluster, 1);
      assert.ok(a);
      const { presence } = a.backend;
      await a.backend.close();
      await assert.rejects(presence.add("room", memberOf(a.id, 1), true), isTemporary);
      await assert.rejects(presence.remove("room", "x"), isTemporary);
      await assert.rejects(presence.members("room"), isTemporary);
      await assert.rejects(presence.stats("room"), isTemporary);
    },
  },
];

/** What {@linkcode Presence} promises. */
export const presenceTests: readonly ContractTest[] = [...memberTests, ...announcementTests, ...deathTests];
