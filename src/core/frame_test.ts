import assert from "node:assert/strict";
import { Frame, Line } from "./frame.ts";

Deno.test("Frame joins its lines with newlines and counts bytes, lines and separators", () => {
  const frame = Frame.root().extend(new Line("a")).extend(new Line("é")).extend(new Line("c"));
  assert.equal(frame.text, "a\né\nc");
  assert.deepEqual([frame.size, frame.lines], [6, 3]);
  assert.deepEqual(frame.bytes(), new TextEncoder().encode("a\né\nc"));
});

Deno.test("Frame.extend() answers the same frame when the same line follows again", () => {
  const root = Frame.root();
  const line = new Line("x");
  assert.equal(root.extend(line), root.extend(line));
});

Deno.test("Frame.extend() keeps frames apart whose lines only look alike", () => {
  const root = Frame.root();
  const first = root.extend(new Line("x"));
  const second = root.extend(new Line("x"));
  assert.notEqual(first, second);
  assert.equal(first.text, second.text);
});

Deno.test("Frame.bytes() encodes once, however often it is asked", () => {
  const frame = Frame.of("x").extend(new Line("y"));
  assert.equal(frame.bytes(), frame.bytes());
});

Deno.test("Frame joins ten thousand lines without recursion", () => {
  let frame = Frame.root();
  for (let i = 0; i < 10_000; i++) frame = frame.extend(new Line(String(i)));
  assert.equal(frame.text.split("\n").length, 10_000);
});

Deno.test("Frame.root() is empty", () => {
  assert.deepEqual([Frame.root().text, Frame.root().size, Frame.root().lines], ["", 0, 0]);
});

Deno.test("Line.join() is owed as one line and counts as all of them", () => {
  const joined = Line.join([new Line("a"), new Line("é")]);
  assert.deepEqual([joined.text, joined.size, joined.count], ["a\né", 4, 2]);
  const frame = Frame.root().extend(new Line("x")).extend(joined);
  assert.deepEqual([frame.text, frame.size, frame.lines], ["x\na\né", 6, 3]);
  assert.equal(frame.bytes().length, frame.size);
});
