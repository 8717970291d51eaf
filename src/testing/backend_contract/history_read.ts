import assert from "node:assert/strict";
import type { HistoryFilter, HistoryPage, StreamPosition } from "../../backend/backend.ts";
import { ALL, filled, offsetsOf, stored } from "./history_kit.ts";
import { type ContractTest, numbers, openNodes, type TestNode } from "./kit.ts";

/** What {@linkcode History} promises of reading. */
export const historyReadTests: readonly ContractTest[] = [
  {
    says: "history.read() of an unused channel answers offset 0 and an epoch that stays and goes on",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const [one, two] = await Promise.all([a, b].map((each) => each.backend.history.read("room", ALL)));
      assert.ok(one && two);
      assert.equal(one.position.offset, 0);
      assert.match(one.position.epoch, /^[a-z0-5]{8}$/);
      assert.deepEqual(one.messages, []);
      assert.equal(one.isTruncated, false);
      assert.deepEqual(two, one);
      assert.deepEqual(await a.backend.history.read("room", { limit: 0 }), one);
      assert.deepEqual(await stored(b, "room", "1"), { offset: 1, epoch: one.position.epoch });
    },
  },
  {
    says: "history.read() answers limit publications from the oldest, or from the newest when reversed",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const epoch = await filled(a, "room", 5);
      const cases: [HistoryFilter, number[], boolean][] = [
        [{ limit: 0 }, [], false],
        [{ limit: 0, isReverse: true }, [], false],
        [{ limit: 2 }, [1, 2], true],
        [{ limit: 4 }, [1, 2, 3, 4], true],
        [{ limit: 5 }, [1, 2, 3, 4, 5], false],
        [{ limit: 9 }, [1, 2, 3, 4, 5], false],
        [{ limit: -1 }, [1, 2, 3, 4, 5], false],
        [{ limit: 2, isReverse: true }, [5, 4], true],
        [{ limit: 5, isReverse: true }, [5, 4, 3, 2, 1], false],
        [{ limit: -1, isReverse: true }, [5, 4, 3, 2, 1], false],
      ];
      await checkPages(a, { offset: 5, epoch }, cases);
    },
  },
  {
    says: "history.read() answers what is after since, or before it when reversed",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const epoch = await filled(a, "room", 6, { size: 5 });
      const since = (offset: number) => ({ offset, epoch });
      const cases: [HistoryFilter, number[], boolean][] = [
        [{ limit: -1, since: since(0) }, [2, 3, 4, 5, 6], false],
        [{ limit: -1, since: since(1) }, [2, 3, 4, 5, 6], false],
        [{ limit: -1, since: since(4) }, [5, 6], false],
        [{ limit: 1, since: since(4) }, [5], true],
        [{ limit: 2, since: since(4) }, [5, 6], false],
        [{ limit: 0, since: since(4) }, [], false],
        [{ limit: -1, since: since(6) }, [], false],
        [{ limit: -1, since: since(7) }, [], false],
        [{ limit: -1, since: since(4), isReverse: true }, [3, 2], false],
        [{ limit: 1, since: since(4), isReverse: true }, [3], true],
        [{ limit: -1, since: since(7), isReverse: true }, [6, 5, 4, 3, 2], false],
        [{ limit: -1, since: since(99), isReverse: true }, [6, 5, 4, 3, 2], false],
        [{ limit: -1, since: since(2), isReverse: true }, [], false],
        [{ limit: -1, since: since(0), isReverse: true }, [], false],
      ];
      await checkPages(a, { offset: 6, epoch }, cases);
    },
  },
  {
    says: "history.read() answers no publication for since with a foreign epoch",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const epoch = await filled(a, "room", 3);
      const cases: [HistoryFilter, number[], boolean][] = ["aaaaaaa", "", "é {x}\n"].flatMap((foreign) =>
        [0, 1, 9].flatMap((offset): [HistoryFilter, number[], boolean][] => [
          [{ limit: -1, since: { offset, epoch: foreign } }, [], false],
          [{ limit: 1, since: { offset, epoch: foreign }, isReverse: true }, [], false],
        ])
      );
      await checkPages(a, { offset: 3, epoch }, cases);
    },
  },
  {
    says: "history.read() stops before maxBytes is passed, and says isTruncated",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const positions = await Promise.all(
        [10, 20, 30].map((length) => stored(a, "room", "x".repeat(length))),
      );
      const epoch = positions[0]?.epoch ?? "";
      const cases: [HistoryFilter, number[], boolean][] = [
        [{ limit: -1, maxBytes: 60 }, [1, 2, 3], false],
        [{ limit: -1, maxBytes: 59 }, [1, 2], true],
        [{ limit: -1, maxBytes: 30 }, [1, 2], true],
        [{ limit: -1, maxBytes: 9 }, [], true],
        [{ limit: 2, maxBytes: 10 }, [1], true],
        [{ limit: 2, maxBytes: 30 }, [1, 2], true],
        [{ limit: -1, maxBytes: 30, since: { offset: 2, epoch } }, [3], false],
        [{ limit: -1, maxBytes: 29, since: { offset: 2, epoch } }, [], true],
        [{ limit: -1, maxBytes: 1, since: { offset: 3, epoch } }, [], false],
        [{ limit: -1, maxBytes: 50, isReverse: true }, [3, 2], true],
        [{ limit: -1, maxBytes: 49, isReverse: true }, [3], true],
      ];
      await checkPages(a, { offset: 3, epoch }, cases);
    },
  },
  {
    says: "history.read() has position and publications of one moment while another node publishes",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await stored(a, "room", "1", { size: 50 });
      let isOver = false;
      const publishing = (async () => {
        for (let i = 0; i < 300; i++) await stored(a, "room", "x", { size: 50 });
        isOver = true;
      })();
      while (!isOver) {
        const page: HistoryPage = await b.backend.history.read("room", ALL);
        const oldest = Math.max(1, page.position.offset - 49);
        const wanted: number[] = numbers(Math.min(50, page.position.offset)).map((text) =>
          Number(text) + oldest
        );
        assert.deepEqual(offsetsOf(page), wanted);
      }
      await publishing;
    },
  },
];

/** Reads "room" with each filter and compares offsets and `isTruncated`; the position is the same in all. */
async function checkPages(
  node: TestNode,
  position: StreamPosition,
  cases: readonly (readonly [HistoryFilter, readonly number[], boolean])[],
): Promise<void> {
  for (const [filter, offsets, isTruncated] of cases) {
    const page = await node.backend.history.read("room", filter);
    const got = { position: page.position, offsets: offsetsOf(page), isTruncated: page.isTruncated };
    assert.deepEqual(got, { position, offsets, isTruncated }, JSON.stringify(filter));
  }
}
