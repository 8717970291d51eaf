import assert from "node:assert/strict";
import { defaultRespLimits, type RespHandler, type RespLimits, RespParser } from "./resp_parser.ts";
import { RedisReplyError, RespError, type RespValue } from "./resp_value.ts";
import { seededRandom } from "../../core/seeded_random.ts";

const encoder = new TextEncoder();

class Recorder implements RespHandler {
  readonly events: unknown[] = [];
  onMessage(name: string, message: string): void {
    this.events.push(["message", name, message]);
  }
  onPush(kind: string, rest: readonly RespValue[]): void {
    this.events.push(["push", kind, rest]);
  }
  onReply(value: RespValue): void {
    this.events.push(value instanceof RedisReplyError ? ["error", value.message] : ["reply", value]);
  }
}

function feed(parser: RespParser, bytes: Uint8Array, pieceBytes: () => number): void {
  for (let at = 0; at < bytes.length;) {
    const target = parser.target();
    const piece = bytes.subarray(at, at + Math.min(pieceBytes(), target.length));
    target.set(piece);
    parser.commit(piece.length);
    at += piece.length;
  }
}

function parse(text: string | Uint8Array, pieceBytes = () => 65_536, limits?: RespLimits): unknown[] {
  const recorder = new Recorder();
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  feed(new RespParser(recorder, limits), bytes, pieceBytes);
  return recorder.events;
}

function message(name: string, text: string): string {
  const bytes = (each: string) => encoder.encode(each).length;
  return `>3\r\n$7\r\nmessage\r\n$${bytes(name)}\r\n${name}\r\n$${bytes(text)}\r\n${text}\r\n`;
}

const SAMPLE = [
  "+OK\r\n",
  "-ERR no\r\n",
  ":42\r\n",
  ":-7\r\n",
  "$0\r\n\r\n",
  "$5\r\nhello\r\n",
  "=7\r\ntxt:abc\r\n",
  "_\r\n",
  "#t\r\n",
  ",1.5\r\n",
  ",inf\r\n",
  "(12345678901234567890\r\n",
  "*0\r\n",
  "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*2\r\n:2\r\n-X\r\n",
  "~1\r\n+x\r\n",
  ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
  message("c", ""),
  message("ünï/日本", "payload 🚀\r\n$3\r\n"),
  message("c", "\uFEFFmark"),
].join("");

const SAMPLE_EVENTS = [
  ["reply", "OK"],
  ["error", "ERR no"],
  ["reply", 42],
  ["reply", -7],
  ["reply", ""],
  ["reply", "hello"],
  ["reply", "abc"],
  ["reply", null],
  ["reply", true],
  ["reply", 1.5],
  ["reply", Infinity],
  ["reply", "12345678901234567890"],
  ["reply", []],
  ["reply", ["a", 1, "b", [2, new RedisReplyError("X")]]],
  ["reply", ["x"]],
  ["push", "subscribe", ["c", 1]],
  ["message", "c", ""],
  ["message", "ünï/日本", "payload 🚀\r\n$3\r\n"],
  ["message", "c", "\uFEFFmark"],
];

Deno.test("RespParser.commit() reads every type from one piece", () => {
  assert.deepEqual(parse(SAMPLE), SAMPLE_EVENTS);
});

Deno.test("RespParser.commit() reads the same from single bytes", () => {
  assert.deepEqual(parse(SAMPLE, () => 1), SAMPLE_EVENTS);
});

Deno.test("RespParser.commit() reads the same from pieces of random length", () => {
  const random = seededRandom(7);
  const texts = ["", "x", "plain ".repeat(30), "é日🚀".repeat(50), "y".repeat(9_000), "z".repeat(150_000)];
  for (let round = 0; round < 25; round++) {
    const wire: string[] = [];
    for (let i = 0; i < 40; i++) {
      const text = texts[Math.floor(random() * texts.length)] ?? "";
      wire.push(random() < 0.5 ? message(`c${i}`, text) : random() < 0.5 ? `:${i}\r\n` : SAMPLE);
    }
    const bytes = encoder.encode(wire.join(""));
    const most = 1 + Math.floor(random() ** 4 * 65_536);
    assert.deepEqual(parse(bytes, () => 1 + Math.floor(random() * most)), parse(bytes));
  }
});

Deno.test("RespParser.commit() reads plain text beside broken UTF-8 unharmed", () => {
  const broken = new Uint8Array([...encoder.encode("$3\r\n"), 0xff, 0xe6, 0x97, 13, 10]);
  const wire = new Uint8Array([...broken, ...encoder.encode(message("c", "plain") + message("é", "ü"))]);
  const expected = [["reply", "\ufffd\ufffd"], ["message", "c", "plain"], ["message", "é", "ü"]];
  assert.deepEqual(parse(wire), expected);
  assert.deepEqual(parse(wire, () => 1), expected);
});

Deno.test("RespParser.commit() throws RespError on garbage and hostile lengths", () => {
  const hostile = [
    "HTTP/1.1 400 Bad Request\r\n",
    "\r\n",
    "\0\0\0\0\r\n",
    "$-1\r\n",
    "$abc\r\n",
    "$\r\n",
    "$99999999999999999999\r\n",
    `$${defaultRespLimits.maxValueBytes}\r\n`,
    "$3\r\nabcde\r\n",
    "*-1\r\n",
    "*4097\r\n",
    "%4294967295\r\n",
    ":\r\n",
    ":1e9\r\n",
    ",x\r\n",
    "+no carriage return\n",
    ">0\r\n",
    ">1\r\n:1\r\n",
    "*1\r\n>1\r\n+x\r\n",
    "*1\r\n".repeat(9),
    "+" + "x".repeat(20_000),
    "?\r\n",
  ];
  for (const wire of hostile) {
    assert.throws(() => parse(wire), RespError, JSON.stringify(wire.slice(0, 40)));
    assert.throws(() => parse(wire, () => 1), RespError, JSON.stringify(wire.slice(0, 40)));
  }
});

Deno.test("RespParser.commit() throws RespError when the parts of one value exceed its bound", () => {
  const limits = { ...defaultRespLimits, maxValueBytes: 10_000 };
  const wire = "*100\r\n" + `$900\r\n${"x".repeat(900)}\r\n`.repeat(100);
  assert.throws(() => parse(wire, () => 100, limits), RespError);
});

Deno.test("RespParser.commit() reads 8 MiB in pieces of 100 bytes without looking twice", () => {
  const text = "x".repeat(8 << 20);
  const startMs = performance.now();
  assert.deepEqual(parse(message("c", text), () => 100), [["message", "c", text]]);
  const tookMs = performance.now() - startMs;
  // Half a second alone, several on a busy machine; to look at all again with each piece is 350 GB.
  assert.ok(tookMs < 20_000, `took ${tookMs} ms`);
});

Deno.test("RespParser.target() is 64 KiB again after a large value", () => {
  const parser = new RespParser(new Recorder());
  feed(parser, encoder.encode(message("c", "x".repeat(1 << 20))), () => 65_536);
  assert.equal(parser.target().length, 64 * 1024);
});

Deno.test("RespParser.commit() reads messages of sharded pub/sub whole and in pieces, whatever is usual", () => {
  const text = ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$2\r\nhi\r\n" + message("b", "plain");
  for (const isSharded of [false, true]) {
    for (const pieceBytes of [() => 1, () => 65_536]) {
      const recorder = new Recorder();
      feed(new RespParser(recorder, defaultRespLimits, isSharded), encoder.encode(text), pieceBytes);
      assert.deepEqual(recorder.events, [["message", "a", "hi"], ["message", "b", "plain"]]);
    }
  }
});
