import assert from "node:assert/strict";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("nearest() finds the name that was meant and none for a stranger", () => {
  assert.equal(nearest("prot", ["host", "port"]), "port");
  assert.equal(nearest("ping_intervall", ["pong_timeout_ms", "ping_interval_ms"]), "ping_interval_ms");
  assert.equal(nearest("colour", ["host", "port"]), undefined);
});

Deno.test("nearest() finds a name that begins with what was typed", () => {
  assert.equal(nearest("redis", ["partitions", "redis_url"]), "redis_url");
});

Deno.test("editDistance() counts letters put in, taken out and replaced", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abc", ""), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("same", "same"), 0);
});
