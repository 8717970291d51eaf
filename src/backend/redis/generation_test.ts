import assert from "node:assert/strict";
import { generationOf, shortGeneration } from "./generation.ts";

Deno.test("generationOf() takes run id and replication id out of INFO", () => {
  const server = "# Server\r\nredis_version:7.0.15\r\nrun_id:aa1\r\n";
  const replication = "# Replication\r\nmaster_replid:bb2\r\nmaster_replid2:000\r\n";
  assert.equal(generationOf(server, replication), "aa1:bb2");
  assert.equal(generationOf("", ""), ":");
});

Deno.test("shortGeneration() keeps 16 characters of each id", () => {
  assert.equal(shortGeneration(`${"a".repeat(40)}:${"b".repeat(40)}`), `${"a".repeat(16)}:${"b".repeat(16)}`);
});
