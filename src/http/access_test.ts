import assert from "node:assert/strict";
import { parseIpRange } from "../core/ip_address.ts";
import {
  type AccessPolicy,
  checkOrigin,
  checkRequest,
  clientAddress,
  isLocal,
  type RequestFacts,
} from "./access.ts";

const open: AccessPolicy = { isOpen: true, allowedOrigins: [] };
const keyed: AccessPolicy = { isOpen: false, allowedOrigins: ["https://app.example"] };

function facts(headers: Record<string, string>, remoteAddress = "127.0.0.1"): RequestFacts {
  return { remoteAddress, headers: new Headers(headers) };
}

Deno.test("checkRequest() lets loopback hosts and origins through in open mode", () => {
  const hosts = ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"];
  for (const host of hosts) assert.equal(checkRequest(facts({ host }), open), undefined, host);
  const origins = ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:1"];
  for (const origin of origins) {
    assert.equal(checkRequest(facts({ host: "localhost", origin }), open), undefined, origin);
  }
});

Deno.test("checkRequest() refuses foreign hosts in open mode, as DNS rebinding sends them", () => {
  const hosts = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.2",
    "localhost:",
    "0.0.0.0",
    "",
  ];
  for (const host of hosts) assert.equal(checkRequest(facts({ host }), open)?.status, 403, host);
  assert.equal(checkRequest(facts({}), open)?.status, 403);
});

Deno.test("checkRequest() refuses foreign origins and null in open mode", () => {
  const origins = [
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "file://localhost",
    "http://localhost@e",
  ];
  for (const origin of origins) {
    assert.equal(checkRequest(facts({ host: "localhost", origin }), open)?.status, 403, origin);
  }
});

Deno.test("checkRequest() refuses every proxy mark in open mode", () => {
  const marks = ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Anything", "x-forwarded-"];
  for (const mark of marks) {
    assert.equal(checkRequest(facts({ host: "localhost", [mark]: "1" }), open)?.status, 403, mark);
  }
  assert.equal(checkRequest(facts({ host: "localhost", "x-forwardedness": "1" }), open), undefined);
});

Deno.test("checkRequest() takes loopback peers only in open mode", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(checkRequest(facts({ host: "localhost" }, address), open), undefined, address);
  }
  for (const address of ["10.0.0.1", "::ffff:10.0.0.1", "128.0.0.1", "fe80::1", ""]) {
    assert.equal(checkRequest(facts({ host: "localhost" }, address), open)?.status, 403, address);
  }
});

Deno.test("checkRequest() names the setting to change", () => {
  assert.match(checkRequest(facts({ host: "evil.example" }), open)?.message ?? "", /SHOAL_TOKEN_HMAC_SECRET/);
});

Deno.test("checkRequest() takes any host, peer and proxy with a key", () => {
  const remote = facts({ host: "shoal.example:8443", via: "1.1 nginx" }, "10.0.0.1");
  assert.equal(checkRequest(remote, keyed), undefined);
});

Deno.test("checkOrigin() takes no origin, the same origin and listed ones with a key", () => {
  const host = "shoal.example";
  assert.equal(checkOrigin(facts({ host }), keyed), undefined);
  assert.equal(checkOrigin(facts({ host, origin: "https://shoal.example" }), keyed), undefined);
  assert.equal(
    checkOrigin(facts({ host: `${host}:443`, origin: "https://shoal.example" }), keyed),
    undefined,
  );
  assert.equal(checkOrigin(facts({ host, origin: "https://app.example" }), keyed), undefined);
  assert.equal(
    checkOrigin(facts({ host, origin: "https://x.example" }), { ...keyed, allowedOrigins: ["*"] }),
    undefined,
  );
});

Deno.test("checkOrigin() refuses foreign origins with a key", () => {
  for (const origin of ["https://evil.example", "null", "https://shoal.example:444", "nonsense"]) {
    const refusal = checkOrigin(facts({ host: "shoal.example", origin }), keyed);
    assert.match(refusal?.message ?? "", /allowed_origins/, origin);
  }
});

Deno.test("isLocal() is false for remote peers and behind a proxy that leaves a mark", () => {
  assert.equal(isLocal(facts({})), true);
  assert.equal(isLocal(facts({ "x-forwarded-for": "1.2.3.4" })), false);
  assert.equal(isLocal(facts({}, "10.0.0.1")), false);
});

const proxied: AccessPolicy = { ...keyed, trustedProxies: ["10.0.0.0/8", "::1"].map(parseIpRange) };

function clientBehind(peer: string, forwarded?: string): string {
  return clientAddress(facts(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }, peer), proxied);
}

Deno.test("clientAddress() believes no header of a peer that is no trusted proxy", () => {
  assert.equal(clientBehind("1.2.3.4", "9.9.9.9"), "1.2.3.4");
  assert.equal(clientAddress(facts({ "x-forwarded-for": "9.9.9.9" }, "10.0.0.1"), keyed), "10.0.0.1");
});

Deno.test("clientAddress() is the rightmost address that is no trusted proxy, whatever the client wrote", () => {
  assert.equal(clientBehind("10.0.0.1", "1.2.3.4"), "1.2.3.4");
  assert.equal(clientBehind("10.0.0.1", "6.6.6.6, 1.2.3.4,10.0.0.7"), "1.2.3.4");
  assert.equal(clientBehind("::1", "1.2.3.4:5678"), "1.2.3.4");
  assert.equal(clientBehind("::ffff:10.0.0.1", "[2001:db8::1]:443"), "2001:db8::1");
});

Deno.test("clientAddress() stops at what is no address, and at the end of the trusted ones", () => {
  assert.equal(clientBehind("10.0.0.1"), "10.0.0.1");
  assert.equal(clientBehind("10.0.0.1", "1.2.3.4, unknown, 10.0.0.2"), "10.0.0.2");
  assert.equal(clientBehind("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
  assert.equal(clientBehind("10.0.0.1", "1.2.3.4,"), "10.0.0.1");
});
