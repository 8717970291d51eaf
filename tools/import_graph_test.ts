import assert from "node:assert/strict";
import { drawGraph, findRings, importsOf, packageOf, resolvePath } from "./import_graph.ts";

/** Keeps the examples below from being imports of this file. */
const example = (...lines: readonly string[]): string => lines.join("\n");

Deno.test("importsOf() finds static, type, re-exporting and side-effect imports", () => {
  const text = example(
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import c, { type D } from "c";',
    'import * as e from "./e.ts";',
    'import "./f.ts";',
    'import g from "./g.lua" with { type: "text" };',
    'export * from "./h.ts";',
    'export { type I } from "./i.ts";',
    "import {",
    "  j, // why j",
    "  k,",
    "  // why l",
    "  l,",
    '} from "./j.ts";',
  );
  const specifiers = ["./a.ts", "./b.ts", "c", "./e.ts", "./f.ts", "./g.lua", "./h.ts", "./i.ts", "./j.ts"];
  assert.deepEqual(importsOf(text), { specifiers, unreadable: [] });
});

Deno.test("importsOf() finds dynamic imports and types taken from a module", () => {
  const text = example('const a = await import("./a.ts");', 'type B = typeof import("./b.ts");');
  assert.deepEqual(importsOf(text).specifiers, ["./a.ts", "./b.ts"]);
});

Deno.test("importsOf() passes over comments and exports that import nothing", () => {
  const text = example(
    "/**",
    " * ```ts",
    ' * import { a } from "./a.ts";',
    ' * await import("./b.ts");',
    " */",
    '// import { c } from "./c.ts";',
    'export const from = "./d.ts";',
    "export { e };",
    'export function f() { return "from"; }',
    "const url = import.meta.url;",
  );
  assert.deepEqual(importsOf(text), { specifiers: [], unreadable: [] });
});

Deno.test("importsOf() reports an import whose target it cannot read", () => {
  const text = example("const a = await import(path);", 'import { b /* x */ } from "./b.ts";');
  assert.equal(importsOf(text).unreadable.length, 2);
});

Deno.test("resolvePath() resolves against the importing file", () => {
  assert.equal(resolvePath("src/core/a.ts", "./b.ts"), "src/core/b.ts");
  assert.equal(resolvePath("src/server/commands/a.ts", "../../core/b.ts"), "src/core/b.ts");
});

Deno.test("packageOf() drops prefix, version and subpath", () => {
  assert.equal(packageOf("hono"), "hono");
  assert.equal(packageOf("hono/ws"), "hono");
  assert.equal(packageOf("@types/ws"), "@types/ws");
  assert.equal(packageOf("npm:@a/b@1.2.3/c"), "@a/b");
  assert.equal(packageOf("npm:zod@4"), "zod");
});

Deno.test("findRings() finds the ring that a type import closes", () => {
  const graph = drawGraph(
    new Map([
      ["src/a.ts", 'import { b } from "./b.ts";\nimport { d } from "./d.ts";'],
      ["src/b.ts", 'import { c } from "./c.ts";'],
      ["src/c.ts", 'import type { A } from "./a.ts";'],
      ["src/d.ts", ""],
    ]),
  );
  assert.deepEqual(findRings(graph), [["src/a.ts", "src/b.ts", "src/c.ts", "src/a.ts"]]);
});

Deno.test("findRings() finds a file that imports itself, and nothing in a diamond", () => {
  const self = drawGraph(new Map([["src/a.ts", 'import { a } from "./a.ts";']]));
  assert.deepEqual(findRings(self), [["src/a.ts", "src/a.ts"]]);
  const diamond = drawGraph(
    new Map([
      ["src/a.ts", 'import "./b.ts";\nimport "./c.ts";'],
      ["src/b.ts", 'import "./d.ts";'],
      ["src/c.ts", 'import "./d.ts";'],
      ["src/d.ts", ""],
    ]),
  );
  assert.deepEqual(findRings(diamond), []);
});
