import assert from "node:assert/strict";
import { utf8Bytes, utf8Length } from "./utf8.ts";

Deno.test("utf8Length() counts bytes, not UTF-16 units", () => {
  for (const text of ["", "plain", "\x00\x7f", "é", "漢字", "🌊", "\ud800"]) {
    assert.equal(utf8Length(text), utf8Bytes(text).length, JSON.stringify(text));
  }
});
