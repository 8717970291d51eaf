import assert from "node:assert/strict";
import { followUp, isComplete, stepFrom } from "./positions.ts";

const last = { offset: 5, epoch: "e" };

Deno.test("stepFrom() says next, known or gap by offset and epoch", () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [6, "e", "next"],
    [5, "e", "known"],
    [1, "e", "known"],
    [7, "e", "gap"],
    [6, "other", "gap"],
    [1, "other", "gap"],
  ];
  for (const [offset, epoch, wanted] of cases) assert.equal(stepFrom(last, offset, epoch), wanted);
});

Deno.test("followUp() answers what comes after the top, or undefined where something is missing", () => {
  const at = (offset: number, epoch = "e") => ({ offset, epoch });
  const cases = [
    [[], []],
    [[at(4), at(5)], []],
    [[at(5), at(6), at(7)], [6, 7]],
    [[at(6), at(6), at(7)], [6, 7]],
    [[at(0, ""), at(6)], [6]],
    [[at(7)], undefined],
    [[at(6), at(8)], undefined],
    [[at(6), at(1, "new")], undefined],
    [[at(1, "new")], undefined],
  ] as const;
  for (const [held, wanted] of cases) {
    assert.deepEqual(followUp(last, held)?.map(({ offset }) => offset), wanted);
  }
});

Deno.test("isComplete() wants every offset between since and the top, and the same epoch", () => {
  const page = (offsets: readonly number[], top: number, isTruncated = false) => ({
    position: { offset: top, epoch: "e" },
    messages: offsets.map((offset) => ({ offset })),
    isTruncated,
  });
  assert.equal(isComplete(last, page([6, 7], 7)), true);
  assert.equal(isComplete(last, page([], 5)), true);
  assert.equal(isComplete(last, page([7, 8], 8)), false, "the first is gone");
  assert.equal(isComplete(last, page([6, 8, 8], 8)), false, "a hole");
  assert.equal(isComplete(last, page([6], 7)), false, "the last is missing");
  assert.equal(isComplete(last, page([], 3)), false, "ahead of the stream");
  assert.equal(isComplete(last, page([6, 7], 7, true)), false, "truncated");
  assert.equal(isComplete({ offset: 5, epoch: "x" }, page([6], 6)), false, "another epoch");
});
