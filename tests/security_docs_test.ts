/** docs/security.md names tests that exist. */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** `path`: "name", "name"; `path`: "name" */
function namedTests(cell: string): readonly (readonly [path: string, name: string])[] {
  return cell.split(/(?=`[^`]+_test\.ts`: )/).flatMap((part) => {
    const path = /^`([^`]+)`: /.exec(part)?.[1];
    if (path === undefined) return [];
    return [...part.matchAll(/"([^"]+)"/g)].map((match) => [path, match[1] ?? ""] as const);
  });
}

function declares(source: string, quoted: string): boolean {
  return source.split(quoted).slice(0, -1).some((before) => /(?:Deno\.test|\.step)\(\s*$/.test(before));
}

Deno.test("docs/security.md has for every threat a test that exists", async () => {
  const page = await Deno.readTextFile(new URL("docs/security.md", root));
  const rows = page.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.ok(rows.length >= 15, `only ${rows.length} rows were read`);
  for (const [threat = "", , triedBy = ""] of rows) {
    const tests = namedTests(triedBy);
    assert.ok(tests.length > 0, `no test tries "${threat}"`);
    for (const [path, name] of tests) {
      const source = await Deno.readTextFile(new URL(path, root));
      const isThere = [`"${name}"`, `\`${name}\``].some((quoted) => declares(source, quoted));
      assert.ok(isThere, `${path} has no test "${name}", which "${threat}" names`);
    }
  }
});
