import assert from "node:assert/strict";
import { isAddressRange, isLoopbackHost, isOrigin, isRedisUrl, maskPassword } from "./address.ts";

Deno.test("isLoopbackHost() says yes only where no resolver could say otherwise", () => {
  for (const host of ["127.0.0.1", "127.9.8.7", "::1", "localhost", "LocalHost"]) {
    assert.ok(isLoopbackHost(host), host);
  }
  for (const host of ["0.0.0.0", "::", "", "127.1", "127.0.0.1.example.com", "localhost.evil", "10.0.0.1"]) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

Deno.test("isAddressRange() takes addresses and CIDR ranges of both families", () => {
  for (const range of ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"]) assert.ok(isAddressRange(range), range);
  for (const range of ["10.0.0", "10.0.0.0/33", "proxy", "", "10.0.0.1:80"]) {
    assert.ok(!isAddressRange(range), range);
  }
});

Deno.test("isOrigin() takes scheme and host, and * for all, and refuses paths and null", () => {
  for (const origin of ["https://a.example", "http://localhost:3000", "capacitor://localhost", "*"]) {
    assert.ok(isOrigin(origin), origin);
  }
  for (const origin of ["null", "*.example", "a.example", "https://a.example/", "https://u@a.example"]) {
    assert.ok(!isOrigin(origin), origin);
  }
});

Deno.test("isRedisUrl() takes redis and rediss URLs with a host", () => {
  for (const url of ["redis://h", "rediss://u:p@h:6380/1", "redis://[::1]:6379"]) {
    assert.ok(isRedisUrl(url), url);
  }
  for (const url of ["h:6379", "http://h", "redis://", "redis:h"]) assert.ok(!isRedisUrl(url), url);
});

Deno.test("maskPassword() hides user and password, also in what is no proper URL", () => {
  assert.equal(maskPassword("redis://u:p@h:6379/0"), "redis://***@h:6379/0");
  assert.equal(maskPassword("redis://u:p@ss@h"), "redis://***@h");
  assert.equal(maskPassword("u:p@h"), "***@h");
  assert.equal(maskPassword("redis://h?db=1&password=p"), "redis://h?db=1&password=***");
  assert.equal(maskPassword("redis://h:6379"), "redis://h:6379");
});
