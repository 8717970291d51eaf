import assert from "node:assert/strict";
import { assetModule, dependenciesOf, inlineAssets, packageJson, withJsSpecifiers } from "./npm_package.ts";

const config = {
  name: "@shoal/shoal",
  version: "1.2.3",
  license: "MIT",
  exports: { ".": "./src/mod.ts", "./client": "./src/client/mod.ts" },
  imports: { zod: "npm:zod@4.0.1", hono: "npm:hono@4.13.0", unused: "npm:unused@1.0.0", odd: "./odd.ts" },
};

Deno.test("packageJson() names the doors, their types and only what is imported", () => {
  const content = JSON.parse(packageJson(config, ["zod", "hono/ws", "zod/mini"]));
  assert.deepEqual(content.dependencies, { hono: "4.13.0", zod: "4.0.1" });
  assert.equal(content.exports["."].types, "./src/mod.d.ts");
  assert.equal(content.exports["./client"].import, "./src/client/mod.js");
  assert.deepEqual([content.main, content.types], ["./src/mod.js", "./src/mod.d.ts"]);
  assert.equal(content.version, "1.2.3");
});

Deno.test("dependenciesOf() refuses a package without an npm version", () => {
  assert.throws(() => dependenciesOf(config, ["left-pad"]), /"left-pad" has no "npm:" version in deno\.json/);
  assert.throws(() => dependenciesOf(config, ["odd"]), /"odd" has no/);
});

Deno.test("inlineAssets() turns text and data imports into modules and leaves others", () => {
  const text = 'import a from "./a.lua" with { type: "text" };\n' +
    'import b from "../b.json" with { type: "json" };\nimport { c } from "./c.ts";\n';
  assert.deepEqual(inlineAssets(text), {
    text: 'import a from "./a.lua.ts";\nimport b from "../b.json.ts";\nimport { c } from "./c.ts";\n',
    assets: ["./a.lua", "../b.json"],
  });
});

Deno.test("assetModule() keeps quotes, backslashes and line ends of a text", async () => {
  const content = 'return "a\\n" -- `b` ${c}\r\n';
  const code = assetModule("a.lua", content).replace(": string", "");
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.equal(module.default, content);
});

Deno.test("withJsSpecifiers() rewrites relative imports of every form", () => {
  const declaration = 'export { a } from "./a.ts";\ntype B = import("../b.ts").B;\nimport "zod.ts";\n';
  assert.equal(
    withJsSpecifiers(declaration),
    'export { a } from "./a.js";\ntype B = import("../b.js").B;\nimport "zod.ts";\n',
  );
});
