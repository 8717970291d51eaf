import assert from "node:assert/strict";
import { fillTemplate } from "./template.ts";

Deno.test("fillTemplate() fills placeholders within lines", () => {
  assert.equal(
    fillTemplate("listen {{port}} {{extra}};", { port: 80, extra: "ssl" }),
    "listen 80 ssl;",
  );
});

Deno.test("fillTemplate() takes the line away when its only placeholder is filled with nothing", () => {
  assert.equal(fillTemplate("a\n  {{tls}}\nb", { tls: "" }), "a\nb");
});

Deno.test("fillTemplate() keeps the indents of several lines, and an empty last line of them", () => {
  assert.equal(fillTemplate("a\n{{block}}\nb", { block: "  x\n  y\n\n" }), "a\n  x\n  y\n\nb");
});

Deno.test("fillTemplate() does not read what it filled in", () => {
  assert.equal(fillTemplate("{{a}} {{b}}", { a: "{{b}}", b: "x" }), "{{b}} x");
});

Deno.test("fillTemplate() throws on a placeholder that nothing fills", () => {
  assert.throws(() => fillTemplate("{{port}}", { prot: 1 }), /nothing for \{\{port\}\}/);
});
