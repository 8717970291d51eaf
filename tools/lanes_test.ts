import assert from "node:assert/strict";
import { inLanes } from "./lanes.ts";

Deno.test("inLanes() does as many at a time as there are lanes, and answers in the order of the items", async () => {
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const all = inLanes([1, 2, 3], 2, (item) => {
    begun.push(item);
    return new Promise<number>((resolve) => ends.push(() => resolve(item * 10)));
  });
  assert.deepEqual(begun, [1, 2]);
  ends[1]?.();
  await new Promise((go) => queueMicrotask(() => queueMicrotask(() => go(undefined))));
  assert.deepEqual(begun, [1, 2, 3]);
  ends[2]?.();
  ends[0]?.();
  assert.deepEqual(await all, [10, 20, 30]);
});

Deno.test("inLanes() begins nothing more once it is over", async () => {
  let isOver = false;
  const work = (item: number) => Promise.resolve((isOver = item === 2, item));
  assert.deepEqual(await inLanes([1, 2, 3], 1, work, () => isOver), [1, 2]);
});
