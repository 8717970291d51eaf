import assert from "node:assert/strict";
import { formatCoverage, parseLcov, percentOf, sumFolders, worstFiles } from "./lcov.ts";

const report = `SF:/repo/src/core/a.ts
FN:1,a
DA:1,3
DA:2,0
DA:3,1
LH:2
LF:3
end_of_record
SF:/repo/src/core/b.ts
DA:1,1
end_of_record
SF:/repo/src/corexx/c.ts
DA:1,0
end_of_record
`;
const files = parseLcov(report, "/repo/");

Deno.test("parseLcov() counts lines and lines that ran, per file", () => {
  assert.deepEqual(files[0], { name: "src/core/a.ts", lines: 3, hit: 2 });
  assert.equal(files.length, 3);
});

Deno.test("sumFolders() sums whole folder names, and counts an unseen folder as not covered", () => {
  assert.deepEqual(sumFolders(files, ["src/core", "src/backend"]), [
    { name: "src/core", lines: 4, hit: 3 },
    { name: "src/backend", lines: 1, hit: 0 },
  ]);
});

Deno.test("percentOf() says 100 for a file without lines", () => {
  assert.equal(percentOf({ name: "a", lines: 0, hit: 0 }), 100);
  assert.equal(percentOf({ name: "a", lines: 4, hit: 3 }), 75);
});

Deno.test("worstFiles() puts most missed lines first and leaves out covered files", () => {
  const big = { name: "big.ts", lines: 100, hit: 90 };
  assert.deepEqual(worstFiles([...files, big], 2).map((file) => file.name), ["big.ts", "src/core/a.ts"]);
  assert.equal(worstFiles(files, 9).some((file) => file.name === "src/core/b.ts"), false);
});

Deno.test("formatCoverage() shows percent, counts and name", () => {
  assert.equal(formatCoverage({ name: "a.ts", lines: 3, hit: 2 }), "  66.7 %          2/3  a.ts");
});
