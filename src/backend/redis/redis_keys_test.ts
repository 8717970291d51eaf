import assert from "node:assert/strict";
import { parseNodeId } from "../../core/ids.ts";
import { escapeName, partitionOf, redisKeys, unescapeName } from "./redis_keys.ts";

const keys = redisKeys("shoal:", 64);
const node = parseNodeId("abcdefghijklm");
const GOLDEN = [18652613, 1678518572, 482992084, 1843032284, 99888296, 45396750];

Deno.test("partitionOf() says what it said in the first version", () => {
  const names = ["", "a", "default/room", "default/chat:1", "w/ünïcødé/日本語", "default/🚀"];
  assert.deepEqual(names.map((name) => partitionOf(name, 2 ** 31)), GOLDEN);
  assert.equal(partitionOf("default/room", 64), (GOLDEN[2] ?? 0) % 64);
});

Deno.test("partitionOf() spreads names evenly over 64 partitions", () => {
  const counts = new Array<number>(64).fill(0);
  for (let i = 0; i < 64_000; i++) {
    const partition = partitionOf(`default/room:${i}`, 64);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 700 && Math.max(...counts) < 1_300, counts.join(" "));
});

Deno.test("redisKeys() writes the names of the layout", () => {
  assert.equal(keys.nodes, "shoal:{ctl}nodes");
  assert.equal(keys.reaping, "shoal:{ctl}reaping");
  assert.equal(keys.partitions, "shoal:{ctl}partitions");
  assert.equal(keys.all, "shoal:{ctl}all");
  assert.equal(keys.node(node), "shoal:{ctl}node:abcdefghijklm");
  assert.equal(keys.node(node), keys.nodePrefix + node);
  assert.equal(keys.tomb(node), "shoal:{ctl}tomb:abcdefghijklm");
  assert.equal(keys.reap(node), "shoal:{ctl}reap:abcdefghijklm");
  assert.equal(keys.clients(node), "shoal:{ctl}clients:abcdefghijklm");
  assert.equal(keys.nodeChannel(node), "shoal:node:{abcdefghijklm}");
  const partition = partitionOf("default/a{b}", 64);
  assert.equal(keys.channel("default/a{b}"), `shoal:{p${partition}}ch:default/a%7Bb%7D`);
  assert.equal(keys.count("k"), `shoal:{p${partitionOf("k", 64)}}count:k`);
  const tagged = `shoal:{p${partition}}`;
  assert.equal(keys.stream("default/a{b}"), `${tagged}stream:default/a%7Bb%7D`);
  assert.equal(keys.meta("default/a{b}"), `${tagged}meta:default/a%7Bb%7D`);
  assert.equal(keys.idem("default/a{b}", "h"), `${tagged}idem:default/a%7Bb%7D:h`);
  assert.equal(keys.presence("default/a{b}"), `${tagged}presence:default/a%7Bb%7D`);
  assert.equal(keys.partitionOf("default/a{b}").owned(node), `${tagged}owned:abcdefghijklm`);
  assert.equal(keys.partitionOf("default/a{b}").dead(node), `${tagged}dead:abcdefghijklm`);
});

Deno.test("redisKeys().partitionOf() names a channel's keys with its escaped name", () => {
  for (const channel of ["a", "a{b}", "%", "é\n"]) {
    const { presencePrefix, channelPrefix } = keys.partitionOf(channel);
    assert.equal(presencePrefix + escapeName(channel), keys.presence(channel));
    assert.equal(channelPrefix + escapeName(channel), keys.channel(channel));
  }
  assert.equal(new Set(keys.allPartitions.map((each) => each.owned(node))).size, 64);
});

Deno.test("redisKeys().channelOf() takes back every channel and nothing else", () => {
  const channels = [
    "",
    "a",
    "%",
    "%7B",
    "%u0041",
    "{x}",
    "a\n\0\x7f\x9f",
    "é日🚀",
    "\ud800",
    "a\udc00b",
    "ch:x",
  ];
  for (const channel of channels) assert.equal(keys.channelOf(keys.channel(channel)), channel);
  const others = [keys.all, keys.nodeChannel(node), keys.count("k"), "other:{p1}ch:a", ""];
  for (const name of others) assert.equal(keys.channelOf(name), undefined);
});

Deno.test("escapeName() leaves no brace, no control character and no lone surrogate", () => {
  let all = "";
  for (let code = 0; code < 0x3000; code++) all += String.fromCharCode(code);
  for (let code = 0xd800; code < 0xe000; code += 0x80) all += String.fromCharCode(code) + " ";
  const escaped = escapeName(all);
  assert.doesNotMatch(escaped, /[{}\p{Cc}\p{Cs}]/u);
  assert.equal(unescapeName(escaped), all);
});

Deno.test("redisKeys() throws TypeError on a prefix with a brace", () => {
  assert.throws(() => redisKeys("a{b}:", 64), TypeError);
});
