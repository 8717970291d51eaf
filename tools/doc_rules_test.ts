import assert from "node:assert/strict";
import { brokenLinks, forbiddenWords, hasRelease, unknownTasks } from "./doc_rules.ts";

/** Faults of links in one markdown file at docs/a.md, beside docs/b.md with one heading and LICENSE. */
function linkFaults(text: string): readonly string[] {
  const texts = new Map([["docs/a.md", text], ["docs/b.md", "# Big `words` & more\n"]]);
  return brokenLinks(texts, ["docs/a.md", "docs/b.md", "LICENSE"]);
}

Deno.test("brokenLinks() allows files, folders, headings and other sites", () => {
  const links =
    "[b](b.md) [c](./b.md#big-words--more) [l](../LICENSE) [d](../docs/) [r](..) [s](https://a.b/c)";
  assert.deepEqual(linkFaults(`# Top\n[t](#top) ${links}\n\n[ref]: ../docs/b.md\n`), []);
});

Deno.test("brokenLinks() finds files and headings that are not there", () => {
  assert.deepEqual(linkFaults("[x](c.md) ![y](../pic.svg)\n\n[z]: gone.md\n[h](b.md#small)"), [
    "docs/a.md: link to nothing: c.md",
    "docs/a.md: link to nothing: ../pic.svg",
    "docs/a.md: link to nothing: b.md#small",
    "docs/a.md: link to nothing: gone.md",
  ]);
});

Deno.test("brokenLinks() passes over code", () => {
  assert.deepEqual(linkFaults("`[x](c.md)`\n\n```ts\nconst a = b[0](c);\n```\n"), []);
});

Deno.test("unknownTasks() finds commands, plain or through npx, that do not exist", () => {
  const text =
    "deno task start --port 1\nnpx -y deno@2.9.6 task cluster\nnpx -y deno@2.9.6 task launch\ndeno task tset";
  assert.deepEqual(unknownTasks(new Map([["README.md", text]]), ["start", "cluster"]), [
    "README.md: no such task: deno task launch",
    "README.md: no such task: deno task tset",
  ]);
});

Deno.test("forbiddenWords() finds notes, registry hosts and machine paths, with their line", () => {
  const bad = [["TO", "DO: later"], ["https://regis", "try.example.org/a"], ["/ho", "me/ann/shoal"]];
  for (const [start = "", end = ""] of bad) {
    assert.equal(
      forbiddenWords(new Map([["a.ts", `ok\n${start}${end}`]]))[0]?.startsWith("a.ts:2: "),
      true,
      end,
    );
  }
});

Deno.test("forbiddenWords() allows code and addresses that only look alike", () => {
  const good = [
    "registry.nodes.size",
    "$HOME/work/x",
    "/var/lib/shoal",
    "todos",
    "https://a.b/home/x",
    "src/work/a.ts",
  ];
  assert.deepEqual(forbiddenWords(new Map([["a.ts", good.join("\n")]])), []);
});

Deno.test("hasRelease() wants a heading of exactly the version", () => {
  assert.equal(hasRelease("# Changelog\n\n## 0.1.0 - 2026-11-22\n", "0.1.0"), true);
  assert.equal(hasRelease("## [0.1.0]\n", "0.1.0"), true);
  assert.equal(hasRelease("## 0.1.0-rc.1\nabout 0.1.0\n", "0.1.0"), false);
});
