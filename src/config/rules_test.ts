import assert from "node:assert/strict";
import { breaches, type Values } from "./rules.ts";
import { configSchema } from "./schema.ts";

const defaults: Values = configSchema.parse({});
const KEY = "0123456789abcdef0123456789abcdef";

function broken(values: Values): readonly string[] {
  return breaches({ ...defaults, ...values }).map(({ name }) => name);
}

Deno.test("breaches() finds none in the defaults", () => {
  assert.deepEqual(broken({}), []);
});

Deno.test("breaches() wants pong before the next ping, suspect before dead, beats before suspicion", () => {
  assert.deepEqual(broken({ pong_timeout_ms: 25_000 }), ["pong_timeout_ms"]);
  assert.deepEqual(broken({ node_suspect_ms: 5000 }), ["node_suspect_ms"]);
  assert.deepEqual(broken({ beat_interval_ms: 2500 }), ["beat_interval_ms"]);
  assert.deepEqual(broken({ pong_timeout_ms: 24_999, node_suspect_ms: 4999, beat_interval_ms: 4998 }), []);
});

Deno.test("breaches() refuses a public address and trusted proxies without key or insecure", () => {
  const open = { host: "0.0.0.0", trusted_proxies: ["10.0.0.0/8"] };
  assert.deepEqual(broken(open), ["host", "trusted_proxies"]);
  assert.deepEqual(broken({ ...open, token_hmac_secret: KEY }), []);
  assert.deepEqual(broken({ ...open, insecure: true }), []);
});

Deno.test("breaches() says which setting opens a public address", () => {
  const [breach] = breaches({ ...defaults, host: "::" });
  assert.match(breach?.problem ?? "", /SHOAL_TOKEN_HMAC_SECRET.*insecure/);
});

Deno.test("breaches() leaves demands alone whose options have faults of their own", () => {
  const { token_hmac_secret: _, ...withoutKey } = defaults;
  assert.deepEqual(breaches({ ...withoutKey, host: "0.0.0.0" }), []);
});

Deno.test("breaches() wants a message to fit an outbox, two ports, and each namespace once", () => {
  assert.deepEqual(broken({ max_message_bytes: 2_097_152 }), ["max_message_bytes"]);
  assert.deepEqual(broken({ shared_port: 8080 }), ["shared_port"]);
  assert.deepEqual(broken({ port: 0, shared_port: 0 }), []);
  assert.deepEqual(broken({ namespaces: [{ name: "a" }, { name: "b" }, { name: "a" }] }), ["namespaces"]);
});

Deno.test("breaches() wants one place for Redis, and a login beside sentinels", () => {
  const [redis_url, others] = ["redis://h", ["redis://a", "redis://b"]];
  assert.deepEqual(broken({ redis_url, redis_urls: others }), ["redis_urls"]);
  assert.deepEqual(broken({ redis_url, redis_cluster: others }), ["redis_cluster"]);
  assert.deepEqual(broken({ redis_urls: others, redis_sentinels: others }), ["redis_urls"]);
  assert.deepEqual(broken({ redis_url, redis_sentinels: others }), []);
  for (const name of ["redis_urls", "redis_cluster", "redis_sentinels"]) {
    assert.deepEqual(broken({ [name]: others }), []);
  }
});
