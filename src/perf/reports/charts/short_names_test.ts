import assert from "node:assert/strict";
import { shortNames } from "./short_names.ts";

const WIDE = 1_000;
const NARROW = 60;

Deno.test("shortNames() leaves names whole where they fit", () => {
  assert.deepEqual(shortNames(["127.0.0.1:8080", "127.0.0.1:8081"], WIDE, 12), [
    "127.0.0.1:8080",
    "127.0.0.1:8081",
  ]);
});

Deno.test("shortNames() keeps the port of nodes on one machine, and the host of nodes on one port", () => {
  assert.deepEqual(shortNames(["127.0.0.1:8080", "127.0.0.1:8081"], NARROW, 12), [":8080", ":8081"]);
  const hosts = ["node-1.example.com:8080", "node-2.example.com:8080"];
  assert.deepEqual(shortNames(hosts, NARROW, 12), ["node-1", "node-2"]);
});

Deno.test("shortNames() cuts what is long all the same, and never to nothing", () => {
  assert.deepEqual(shortNames(["a".repeat(40), "b"], NARROW, 12), ["aaaaaaa…", "b"]);
  assert.deepEqual(shortNames(["x".repeat(40)], NARROW, 12), ["xxxxxxx…"]);
});
