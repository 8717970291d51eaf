import assert from "node:assert/strict";
import { utf8Length } from "../../core/utf8.ts";
import { encodeCommand, encodePublish, publishHead } from "./resp_encode.ts";

Deno.test("encodeCommand() writes words as an array of bulk strings", () => {
  assert.equal(encodeCommand(["PING"]), "*1\r\n$4\r\nPING\r\n");
  assert.equal(
    encodeCommand(["SUBSCRIBE", "a", ""]),
    "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$0\r\n\r\n",
  );
});

Deno.test("encodeCommand() counts bytes, not characters, lone surrogates included", () => {
  for (const text of ["é", "日本", "🚀", "\ud800", "a\udc00b", "\uFEFFx"]) {
    const bytes = new TextEncoder().encode(text).length;
    assert.equal(encodeCommand([text]), `*1\r\n$${bytes}\r\n${text}\r\n`);
  }
});

Deno.test("encodePublish() says what encodeCommand() says", () => {
  for (const message of ["", "plain", "é\r\n$5\r\n", "🚀\ud800"]) {
    const text = encodePublish(publishHead("c/é"), message, utf8Length(message));
    assert.equal(text, encodeCommand(["PUBLISH", "c/é", message]));
  }
});
