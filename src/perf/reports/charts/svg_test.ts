import assert from "node:assert/strict";
import { decimal, element, escapeMarkup, fitText } from "./svg.ts";

Deno.test("escapeMarkup() leaves nothing that ends a text or an attribute", () => {
  assert.equal(escapeMarkup(`<a b="c">'&`), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
});

Deno.test("escapeMarkup() replaces what XML forbids", () => {
  assert.equal(escapeMarkup("a\u0000b\u001bc\ud800d\uffffe\tf😀"), "a\ufffdb\ufffdc\ufffdd\ufffde\tf😀");
});

Deno.test("decimal() writes two decimals at most, no exponent for small and no negative zero", () => {
  assert.deepEqual([1 / 3, 1e-9, -0.001, 5].map(decimal), ["0.33", "0", "0", "5"]);
});

Deno.test("element() leaves undefined attributes out", () => {
  assert.equal(element("g", { a: 1, b: undefined }, "x"), '<g a="1">x</g>');
});

Deno.test("fitText() cuts with an ellipsis", () => {
  assert.equal(fitText("abcdefghij", 5 * 13 * 0.61, 13), "abcd…");
});
