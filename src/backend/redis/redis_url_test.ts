import assert from "node:assert/strict";
import { parseRedisUrl } from "./redis_url.ts";

Deno.test("parseRedisUrl() reads a plain URL with its defaults", () => {
  assert.deepEqual(parseRedisUrl("redis://cache"), {
    hostname: "cache",
    port: 6379,
    isTls: false,
    caCerts: [],
    login: undefined,
    database: 0,
    text: "cache:6379",
  });
});

Deno.test("parseRedisUrl() reads user, password, port, database and TLS", () => {
  const address = parseRedisUrl("rediss://shoal:p%40ss%2Fw@[::1]:7000/3");
  assert.deepEqual(address.login, { user: "shoal", password: "p@ss/w" });
  assert.equal(address.hostname, "::1");
  assert.equal(address.text, "[::1]:7000");
  assert.equal(address.port, 7000);
  assert.equal(address.database, 3);
  assert.equal(address.isTls, true);
});

Deno.test("parseRedisUrl() gives a password alone to the user default", () => {
  assert.deepEqual(parseRedisUrl("redis://:secret@h").login, { user: "default", password: "secret" });
});

Deno.test("parseRedisUrl() throws TypeError without the password on what it cannot read", () => {
  const wrong = [
    "",
    "localhost:6379",
    "http://h",
    "redis://u:secret@h/x",
    "redis://u:secret%zz@h",
    "redis://u@h",
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseRedisUrl(text),
      (error) => error instanceof TypeError && !/secret/.test(error.message),
    );
  }
});
