import assert from "node:assert/strict";
import { seededRandom } from "./seeded_random.ts";

function numbers(seed: number, count: number): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
}

Deno.test("seededRandom() repeats its numbers for the same seed and not for another", () => {
  assert.deepEqual(numbers(7, 5), numbers(7, 5));
  assert.notDeepEqual(numbers(7, 5), numbers(8, 5));
});

Deno.test("seededRandom() fills each tenth of [0, 1) alike", () => {
  const counts = new Map<number, number>();
  for (const number of numbers(1, 10_000)) {
    const tenth = Math.floor(number * 10);
    counts.set(tenth, (counts.get(tenth) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const count of counts.values()) assert.ok(count > 900 && count < 1_100, String(count));
});
