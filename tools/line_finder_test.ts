import assert from "node:assert/strict";
import { LineFinder } from "./line_finder.ts";

Deno.test("LineFinder finds the last match across pieces, colours aside", () => {
  const finder = new LineFinder(/^ok \d/);
  for (const piece of ["ok 1\nno", "ise\n\x1b[32mok\x1b[0m ", "2\nmore\n"]) finder.add(piece);
  assert.equal(finder.lastMatch, "ok 2");
});

Deno.test("LineFinder still has the match after much other output", () => {
  const finder = new LineFinder(/^ok/);
  finder.add("ok 1\n");
  for (let i = 0; i < 1_000; i++) finder.add("a line of a long table\n".repeat(10) + "x".repeat(100));
  assert.equal(finder.lastMatch, "ok 1");
});

Deno.test("LineFinder says nothing without a complete line that matches", () => {
  const finder = new LineFinder(/^ok/);
  finder.add("not ok\nok 1");
  assert.equal(finder.lastMatch, "");
});

Deno.test("LineFinder knows what was said last when the line is not complete", () => {
  const finder = new LineFinder(/^ok/);
  finder.add("ok 1\n\n");
  assert.equal(finder.lastLine, "ok 1");
  finder.add("a test that hangs \x1b[0m... ");
  assert.equal(finder.lastLine, "a test that hangs ...");
});
