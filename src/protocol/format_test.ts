import assert from "node:assert/strict";
import { formatConflict, FORMATS, isKind, readFormats, UNNUMBERED } from "./format.ts";

const third = { writes: 3, readsFrom: 2, readsTo: 3 };

Deno.test("formatConflict() finds none between a node and itself, nor with the version before or after", () => {
  assert.equal(formatConflict(FORMATS, FORMATS), undefined);
  const preparing = { writes: 2, readsFrom: 1, readsTo: 3 };
  assert.equal(formatConflict(third, preparing), undefined);
  assert.equal(formatConflict(preparing, third), undefined);
});

Deno.test("formatConflict() says which of two nodes is too old, whichever looks", () => {
  const first = { writes: 1, readsFrom: 1, readsTo: 1 };
  assert.equal(formatConflict(third, first), "it writes the older format 1, this node reads 2 to 3");
  assert.equal(formatConflict(first, third), "it writes the newer format 3, this node reads 1 only");
});

Deno.test("formatConflict() sees that the other cannot read what this node writes", () => {
  const behind = { writes: 2, readsFrom: 1, readsTo: 2 };
  assert.equal(formatConflict(third, behind), "this node writes format 3, it reads 1 to 2");
});

Deno.test("readFormats() takes a record without whole numbers for one from before they were numbered", () => {
  assert.deepEqual(readFormats(JSON.parse(JSON.stringify(FORMATS))), FORMATS);
  for (const value of [undefined, null, 1, {}, { ...third, writes: "3" }, { ...third, readsTo: 1.5 }]) {
    assert.deepEqual(readFormats(value), UNNUMBERED);
  }
});

Deno.test("isKind() knows its letter in every format that this version reads, and in no other", () => {
  for (let format = 0; format <= 9; format++) {
    const isRead = format >= FORMATS.readsFrom && format <= FORMATS.readsTo;
    assert.equal(isKind(`${format}pdata`, "p"), isRead, String(format));
    assert.equal(isKind(`${format}qdata`, "p"), false);
  }
  for (const message of ["", "p", "1", ":p", "/p", "\u0661p"]) assert.equal(isKind(message, "p"), false);
});
