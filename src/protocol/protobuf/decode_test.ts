import assert from "node:assert/strict";
import { CloseError } from "../../core/errors.ts";
import { protobufCodec } from "../codec.ts";
import type { Incoming } from "../command_check.ts";
import { decodeCommand, decodeEmulationPost } from "./decode.ts";
import { ProtobufWriter, WIRE } from "./writer.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Part = readonly [field: number, value: number | string | Bytes | readonly Part[]];

/** A message with these fields, as any writer of Protobuf would write it. */
function message(...parts: readonly Part[]): Bytes {
  const writer = new ProtobufWriter();
  for (const [field, value] of parts) {
    if (typeof value === "number") {
      writer.tag(field, WIRE.varint);
      writer.varint(value);
    } else {
      writer.tag(field, WIRE.delimited);
      if (typeof value === "string") writer.text(value);
      else writer.bytes(value instanceof Uint8Array ? value : message(...value));
    }
  }
  return writer.take();
}

function isBadRequest(error: unknown): boolean {
  return error instanceof CloseError && error.close.code === 3501;
}

Deno.test("decodeCommand() reads every kind of command", () => {
  const cases: readonly (readonly [Bytes, unknown])[] = [
    [message([1, 1], [4, [[1, "t"], [4, "js"], [6, [[1, "h"], [2, "v"]]]]]), {
      kind: "connect",
      id: 1,
      request: { token: "t", name: "js", headers: { h: "v" } },
    }],
    [message([1, 2], [5, [[1, "a"], [3, 1], [6, "e"], [7, 300], [11, 1], [12, "fossil"], [14, 1]]]), {
      kind: "subscribe",
      id: 2,
      request: {
        channel: "a",
        recover: true,
        epoch: "e",
        offset: 300,
        join_leave: true,
        delta: "fossil",
        flag: 1,
      },
    }],
    [message([1, 3], [5, [[1, "a"], [13, [[1, "and"], [6, [[2, "k"], [3, "in"], [5, "v"], [5, "w"]]]]]]]), {
      kind: "subscribe",
      id: 3,
      request: { channel: "a", tf: { op: "and", nodes: [{ key: "k", cmp: "in", vals: ["v", "w"] }] } },
    }],
    [message([1, 4], [6, [[1, "a"]]]), { kind: "unsubscribe", id: 4, request: { channel: "a" } }],
    [message([1, 5], [10, [[1, "a"], [7, -1], [8, [[1, 5], [2, "e"]]], [9, 1]]]), {
      kind: "history",
      id: 5,
      request: { channel: "a", limit: -1, since: { offset: 5, epoch: "e" }, reverse: true },
    }],
    [message([1, 6], [13, [[1, '{"a":[1]}'], [2, "echo"]]]), {
      kind: "rpc",
      id: 6,
      request: { method: "echo", data: { a: [1] } },
    }],
    [message([12, [[1, "1"]]]), { kind: "send", id: 0, request: { data: 1 } }],
    [message([1, 7], [8, []]), { kind: "presence", id: 7, request: { channel: "" } }],
    [message([1, 8], [11, []], [99, 7], [98, "unknown"]), { kind: "ping", id: 8, request: {} }],
  ];
  for (const [bytes, wanted] of cases) {
    assert.deepEqual(decodeCommand(bytes), { ...Object(wanted), rawData: undefined });
  }
  assert.deepEqual(decodeCommand(new Uint8Array()), { kind: "pong" });
});

Deno.test("decodeCommand() keeps JSON data as it was written, and marks other bytes", () => {
  const publish = (data: string | Bytes) =>
    Object(decodeCommand(message([1, 1], [7, [[1, "a"], [2, data]]])));
  const json = '{ "n": 1.10,\n"n": 12345678901234567890 }';
  assert.equal(publish(json).rawData, json);
  assert.equal(publish(json).isBinary, undefined);
  for (const bytes of [Uint8Array.of(0, 255), new TextEncoder().encode("not json")]) {
    const { rawData, isBinary } = publish(bytes);
    assert.ok(isBinary);
    assert.deepEqual(Uint8Array.fromBase64(JSON.parse(rawData)), bytes);
  }
  assert.equal(Object(decodeCommand(message([1, 1], [7, [[1, "a"]]]))).rawData, undefined);
});

Deno.test("decodeCommand() refuses data that is no JSON where handlers want JSON", () => {
  const incoming = decodeCommand(message([1, 9], [13, [[1, Uint8Array.of(255)], [2, "echo"]]]));
  assert.equal(incoming.kind, "refused");
  assert.equal(incoming.kind === "refused" && incoming.error.code, 107);
  assert.equal(incoming.kind === "refused" && incoming.command.id, 9);
});

Deno.test("decodeCommand() closes 3501 for what is malformed or no command", () => {
  const cases: readonly Bytes[] = [
    message([1, 1]),
    message([1, 0], [11, []]),
    message([1, 2 ** 32], [11, []]),
    message([1, 1], [11, []], [6, [[1, "a"]]]),
    message([99, 1]),
    message([1, "text"], [11, []]),
    message([1, 1], [11, 5]),
    message([1, 1], [6, [[1, Uint8Array.of(0xff)]]]),
    message([1, 1], [5, [[1, "a"], [7, -1]]]),
    // `recover` as four fixed bytes, the first of which would do as a bool.
    message([1, 1], [5, Uint8Array.of(10, 1, 97, 0x1d, 0x81, 0, 0x20, 0)]),
    Uint8Array.of(0x0b),
    Uint8Array.of(8),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(8, 1, 90, 5),
  ];
  for (const bytes of cases) assert.throws(() => decodeCommand(bytes), isBadRequest, bytes.toHex());
});

Deno.test("decodeCommand() takes a filter of any depth without harm", () => {
  let filter = message([2, "k"]);
  for (let depth = 0; depth < 5_000; depth++) filter = message([1, "and"], [6, filter]);
  assert.equal(decodeCommand(message([1, 1], [5, [[1, "a"], [13, filter]]])).kind, "subscribe");
});

Deno.test("names in a client's maps are names and nothing more", () => {
  const entry = message([1, "__proto__"], [2, "polluted"]);
  const { request } = Object(decodeCommand(message([1, 1], [4, [[6, entry]]])));
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal(Object.getPrototypeOf(request.headers ?? {}) === "polluted", false);
});

Deno.test("decodeEmulationPost() reads posts and nothing else", () => {
  const data = Uint8Array.of(0);
  assert.deepEqual(decodeEmulationPost(message([1, "n"], [2, "s"], [3, data])), {
    node: "n",
    session: "s",
    data,
  });
  assert.equal(decodeEmulationPost(Uint8Array.of(255)), undefined);
  assert.equal(decodeEmulationPost(message([1, 5])), undefined);
});

/** Numbers below `end`, the same for the same seed (xorshift). */
function randomFrom(seed: number): (end: number) => number {
  let state = seed | 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
}

Deno.test("split() and decode() give a command or 3501 for 30,000 mutated frames, and nothing else", () => {
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000_000);
  const random = randomFrom(seed);
  const delimited = (bytes: Bytes) => {
    const writer = new ProtobufWriter();
    writer.bytes(bytes);
    return writer.take();
  };
  const frames = [
    message([1, 1], [4, [[1, "token"], [2, "{}"], [3, [[1, "a"], [2, [[3, 1], [6, "e"]]]]], [6, [[1, "h"], [
      2,
      "v",
    ]]]]]),
    message([1, 2], [5, [[1, "a"], [7, 2 ** 50], [13, [[1, "not"], [6, [[2, "k"], [5, "v"]]]]], [14, 1]]]),
    message([1, 3], [7, [[1, "a"], [2, '{"x":"é"}']]]),
    message([1, 4], [10, [[1, "a"], [7, -1], [8, [[1, 1], [2, "e"]]]]]),
    message([1, 5], [13, [[1, "[1]"], [2, "echo"]]], [99, "x"]),
    message([12, [[1, "1"]]]),
  ].map(delimited);
  const kinds = new Set<Incoming["kind"] | "closed">();
  for (let n = 0; n < 30_000; n++) {
    const frame = mutated(frames[random(frames.length)] ?? assert.fail(), random);
    try {
      for (const piece of protobufCodec.split(frame)) kinds.add(protobufCodec.decode(piece).kind);
    } catch (error) {
      assert.ok(isBadRequest(error), `FUZZ_SEED=${seed}, frame ${frame.toHex()}: ${error}`);
      kinds.add("closed");
    }
  }
  assert.ok(kinds.has("closed") && kinds.has("publish") && kinds.has("connect"), [...kinds].join());
});

function mutated(frame: Bytes, random: (end: number) => number): Bytes {
  const bytes = frame.slice(0, random(4) === 0 ? random(frame.length + 1) : frame.length);
  for (let changes = random(4); changes > 0; changes--) {
    if (bytes.length > 0) bytes[random(bytes.length)] = random(2) === 0 ? random(256) : 0xff - random(3);
  }
  return bytes;
}
