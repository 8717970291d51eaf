import assert from "node:assert/strict";
import denoJson from "../deno.json" with { type: "json" };
import { brokenLinks, forbiddenWords, hasRelease, unknownTasks } from "../tools/doc_rules.ts";
import { listRepoFiles, readRepoTexts } from "../tools/repo_files.ts";

const isBinary = (path: string) => /\.(?:png|jpe?g|gif|ico|woff2?|wasm|gz|pdf)$/.test(path);
const texts = await readRepoTexts((path) => !isBinary(path));

/** Typed by hand, so that a missing block of tasks is a fault with a name and not a type error. */
const config: { readonly version: string; readonly tasks?: Readonly<Record<string, unknown>> } = denoJson;

/** Fails with every fault, not with the first. */
function assertNone(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.join("\n")}`);
}

Deno.test("markdown links inside the repo lead to files and headings", async () => {
  assertNone(brokenLinks(texts, await listRepoFiles()));
});

Deno.test("commands in markdown name tasks of deno.json", () => {
  assertNone(unknownTasks(texts, Object.keys(config.tasks ?? {})));
});

Deno.test("README.md shows both commands that set up a fresh machine", () => {
  const readme = texts.get("README.md") ?? "";
  for (const task of ["cluster", "test"]) {
    assert.ok(readme.includes(`npx -y deno@2.9.6 task ${task}`), `README.md lacks the npx line of ${task}`);
    assert.ok(readme.includes(`deno task ${task}`), `README.md lacks deno task ${task}`);
  }
});

Deno.test("no file has a registry host, a path of one machine or a note of unfinished work", () => {
  assertNone(forbiddenWords(texts));
});

Deno.test("CHANGELOG.md has the version of deno.json", () => {
  assert.ok(
    hasRelease(texts.get("CHANGELOG.md") ?? "", config.version),
    `CHANGELOG.md lacks ## ${config.version}`,
  );
});
