import assert from "node:assert/strict";
import { baseUrl, readNumbers } from "./probe.ts";

Deno.test("readNumbers() reads what is there and leaves out what is not a number", () => {
  const body = JSON.stringify({ node: { node: "n1", connections: 3, lag_ms: "fast", rss_bytes: 9 } });
  assert.deepEqual(readNumbers(body), { node: "n1", connections: 3, rssBytes: 9 });
  assert.deepEqual(readNumbers("<html>"), {});
  assert.deepEqual(readNumbers("null"), {});
});

Deno.test("baseUrl() reaches a node that listens on all addresses through loopback", () => {
  assert.equal(baseUrl("0.0.0.0", 80), "http://127.0.0.1:80");
  assert.equal(baseUrl("::", 80), "http://[::1]:80");
  assert.equal(baseUrl("fd00::1", 80), "http://[fd00::1]:80");
});
