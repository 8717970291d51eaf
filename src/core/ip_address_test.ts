import assert from "node:assert/strict";
import { addressParty, isInRanges, parseIp, parseIpRange } from "./ip_address.ts";

function isIn(address: string, ...ranges: string[]): boolean {
  return isInRanges(parseIp(address) ?? -1n, ranges.map(parseIpRange));
}

Deno.test("parseIp() reads every spelling of an address as one number", () => {
  const one = parseIp("2001:db8::1");
  assert.notEqual(one, undefined);
  for (const text of ["2001:DB8:0:0:0:0:0:1", "2001:0db8::0001", "2001:db8::0.0.0.1", "2001:db8::1%eth0"]) {
    assert.equal(parseIp(text), one, text);
  }
  assert.equal(parseIp("::ffff:10.1.2.3"), parseIp("10.1.2.3"));
  assert.equal(parseIp("::"), 0n);
});

Deno.test("parseIp() is undefined for what is no address", () => {
  const wrong = [
    "",
    "10.0.0",
    "10.0.0.256",
    "1.2.3.4.5",
    "::1::",
    ":::",
    "1:2:3:4:5:6:7",
    "g::1",
    "12345::",
    "a",
  ];
  wrong.push("1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "::ffff:10.0.0.256", "10.0.0.1:80", "[::1]");
  for (const text of wrong) assert.equal(parseIp(text), undefined, text);
});

Deno.test("isInRanges() compares the bits of the range, in IPv4 and IPv6", () => {
  assert.equal(isIn("10.255.0.1", "10.0.0.0/8"), true);
  assert.equal(isIn("11.0.0.1", "10.0.0.0/8"), false);
  assert.equal(isIn("::ffff:10.0.0.1", "10.0.0.0/8"), true);
  assert.equal(isIn("192.168.1.1", "192.168.1.1", "10.0.0.0/8"), true);
  assert.equal(isIn("192.168.1.2", "192.168.1.1"), false);
  assert.equal(isIn("fd00::9", "fd00::/64"), true);
  assert.equal(isIn("fd00:0:0:1::9", "fd00::/64"), false);
  assert.equal(isIn("10.0.0.1", "::/0"), true);
  assert.equal(isIn("fd00::1", "0.0.0.0/0"), false);
});

Deno.test("parseIpRange() throws on what is no range", () => {
  for (
    const text of [
      "10.0.0.0/33",
      "fd00::/129",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "10.0.0.0/x",
      "10.0.0.0/",
      "host",
    ]
  ) {
    assert.throws(() => parseIpRange(text), TypeError, text);
  }
});

Deno.test("addressParty() is one for an IPv4 address in any form, and for an IPv6 network of 64 bits", () => {
  assert.equal(addressParty("::ffff:10.0.0.1"), addressParty("10.0.0.1"));
  assert.notEqual(addressParty("10.0.0.1"), addressParty("10.0.0.2"));
  assert.equal(addressParty("2001:db8:1:2::1"), addressParty("2001:db8:1:2:ffff::9"));
  assert.notEqual(addressParty("2001:db8:1:2::1"), addressParty("2001:db8:1:3::1"));
  assert.equal(addressParty("unknown"), "unknown");
});
