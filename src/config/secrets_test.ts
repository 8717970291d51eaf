import assert from "node:assert/strict";
import { configOf } from "./resolve.ts";
import { secretsOf } from "./secrets.ts";

Deno.test("secretsOf() finds keys and the passwords of URLs, encoded and decoded", () => {
  const tokenHmacSecret = "k".repeat(32);
  const redisUrl = "redis://user:p%40ss@h:6379?sentinelPassword=s3ntinel";
  const found = secretsOf(configOf({ tokenHmacSecret, redisUrl }));
  assert.deepEqual(new Set(found), new Set([tokenHmacSecret, "p%40ss", "p@ss", "s3ntinel"]));
});

Deno.test("secretsOf() finds nothing where nothing is secret", () => {
  assert.deepEqual(secretsOf(configOf({ redisUrl: "redis://h:6379" })), []);
});

Deno.test("secretsOf() finds the password in each URL of a list, however short", () => {
  const redisUrls = ["redis://:pw1@h", "redis://u:pw2@h:6379"];
  assert.deepEqual(secretsOf(configOf({ redisUrls })), ["pw1", "pw1", "pw2", "pw2"]);
});
