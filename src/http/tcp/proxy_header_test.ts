import assert from "node:assert/strict";
import { readProxyHeader } from "./proxy_header.ts";

const V2 = "\r\n\r\n\0\r\nQUIT\n";
const V4 = "\x0a\x00\x00\x01\x0a\x00\x00\x02\x10\x00\x00\x50";
const V6 = "\x20\x01\x0d\xb8" + "\0".repeat(11) + "\x09" + "\0".repeat(20);
const REST = "GET / HTTP/1.1\r\n\r\n";

function read(text: string) {
  return readProxyHeader(Uint8Array.from(text, (each) => each.charCodeAt(0)));
}

const headers: readonly (readonly [string, string | undefined])[] = [
  ["PROXY TCP4 1.2.3.4 10.0.0.2 56324 443\r\n", "1.2.3.4"],
  ["PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", "2001:db8::1"],
  ["PROXY UNKNOWN\r\n", undefined],
  ["PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", undefined],
  [`${V2}\x21\x11\x00\x0c${V4}`, "10.0.0.1"],
  [`${V2}\x21\x11\x00\x0f${V4}ext`, "10.0.0.1"],
  [`${V2}\x21\x21\x00\x24${V6}`, "2001:db8:0:0:0:0:0:9"],
  [`${V2}\x20\x11\x00\x0c${V4}`, undefined],
  [`${V2}\x21\x00\x00\x00`, undefined],
];

Deno.test("readProxyHeader() reads the source of both versions, and how long the header is", () => {
  for (const [text, source] of headers) {
    assert.deepEqual(read(text + REST), { state: "read", size: text.length, source }, JSON.stringify(text));
  }
});

Deno.test("readProxyHeader() wants more until the header is whole, wherever it was cut", () => {
  for (const [text] of headers) {
    for (let size = 0; size < text.length; size++) {
      assert.equal(read(text.slice(0, size)).state, "more", JSON.stringify(text.slice(0, size)));
    }
  }
});

Deno.test("readProxyHeader() is none before a plain request, an empty line included", () => {
  for (const text of [REST, `\r\n${REST}`, "PROPFIND / HTTP/1.1\r\n"]) {
    assert.equal(read(text).state, "none", text);
  }
});

Deno.test("readProxyHeader() is malformed for what only begins like a header", () => {
  const texts = [
    "PROXY TCP4 1.2.3 10.0.0.2 1 2\r\n",
    "PROXY TCP4 ::1 ::2 1 2\r\n",
    "PROXY TCP6 1.2.3.4 10.0.0.2 1 2\r\n",
    "PROXY TCP4 1.2.3.4\r\n",
    "PROXY / HTTP/1.1\r\n",
    `PROXY UNKNOWN ${"x".repeat(200)}`,
    `${V2}\x11\x11\x00\x0c${V4}`,
    `${V2}\x21\x11\x00\x04abcd`,
    `${V2}\x21\x21\x00\x0c${V4}`,
    `${V2}\x21\x11\xff\xff`,
  ];
  for (const text of texts) assert.equal(read(text).state, "malformed", JSON.stringify(text));
});
