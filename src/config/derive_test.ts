import assert from "node:assert/strict";
import { connectionLimit, isOpenMode, redisServers } from "./derive.ts";

Deno.test("connectionLimit() takes the option, else 90 % of the descriptors set or learned", () => {
  assert.equal(connectionLimit({ maxConnections: 10, descriptorLimit: 1000 }, 2000), 10);
  assert.equal(connectionLimit({ maxConnections: 0, descriptorLimit: 1000 }, 2000), 900);
  assert.equal(connectionLimit({ maxConnections: 0, descriptorLimit: 0 }, 1111), 999);
  assert.equal(connectionLimit({ maxConnections: 0, descriptorLimit: 0 }), undefined);
});

Deno.test("isOpenMode() says yes when there is no key", () => {
  const none = { tokenHmacSecret: "", tokenPublicKeys: "", tokenJwksUrl: "", hooksConnectUrl: "" };
  assert.ok(isOpenMode(none));
  for (const name of Object.keys(none)) assert.ok(!isOpenMode({ ...none, [name]: "k" }), name);
});

Deno.test("redisServers() answers what is asked first, sentinels before the login", () => {
  const none = { redisUrl: "", redisUrls: [], redisCluster: [], redisSentinels: [] };
  assert.deepEqual(redisServers(none), []);
  assert.deepEqual(redisServers({ ...none, redisUrl: "redis://a" }), ["redis://a"]);
  assert.deepEqual(redisServers({ ...none, redisUrl: "redis://a", redisSentinels: ["redis://s"] }), [
    "redis://s",
  ]);
  assert.deepEqual(redisServers({ ...none, redisCluster: ["redis://c"] }), ["redis://c"]);
});
