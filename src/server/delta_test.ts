import assert from "node:assert/strict";
import { applyStringDelta } from "fossil-delta";
import { deltaBetween } from "./delta.ts";
import { seededRandom } from "../core/seeded_random.ts";

Deno.test("deltaBetween() makes what a client puts together again", () => {
  const before = JSON.stringify({ text: "one two three four five six seven eight".repeat(4), n: 1 });
  const after = before.replace("three", "3").replace('"n":1', '"n":2');
  const delta = deltaBetween(before, after);
  assert.ok(delta !== undefined && delta.length < after.length / 2);
  assert.equal(applyStringDelta(before, delta), after);
});

Deno.test("deltaBetween() answers nothing where the whole payload is shorter or too large to look at", () => {
  assert.equal(deltaBetween('"a"', '"b"'), undefined);
  assert.equal(deltaBetween("1", "2".repeat(1_000)), undefined);
  const large = "x".repeat(16 * 1024 + 1);
  assert.equal(deltaBetween(large, large), undefined);
});

Deno.test("deltaBetween() never cuts a character in half", () => {
  // é is C3 A9, è is C3 A8: a difference of bytes would copy C3 and insert A8.
  const words = ["é", "è", "😀", "😁", "abc"];
  const random = seededRandom(7);
  const text = () => {
    let made = "";
    for (let i = 0; i < 80; i++) {
      made += words[Math.floor(random() * words.length)]?.repeat(1 + Math.floor(random() * 7));
    }
    return made;
  };
  let count = 0;
  for (let i = 0; i < 200; i++) {
    const before = text();
    const at = i % before.length;
    const after = before.slice(0, at).replaceAll("é", "è") + before.slice(at);
    if (!after.isWellFormed()) continue;
    const delta = deltaBetween(before, after);
    if (delta === undefined) continue;
    count++;
    assert.equal(applyStringDelta(before, delta), after);
  }
  assert.ok(count > 20, String(count));
});
