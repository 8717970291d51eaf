import assert from "node:assert/strict";
import { Frame, Line } from "../../core/frame.ts";
import { protobufCodec } from "../codec.ts";
import { publicationLine, pushPrefix, textPublicationLine } from "../json_codec.ts";
import { decodeMessage, splitMessages } from "./decode.ts";
import { encodeReply, protobufLine } from "./encode.ts";
import { type Message, REPLY } from "./schema.ts";

/** What a client reads: application data as text. */
function read(bytes: Uint8Array<ArrayBuffer>, message: Message = REPLY): unknown {
  const [only, ...others] = splitMessages(bytes);
  assert.ok(only !== undefined);
  assert.equal(others.length, 0);
  return textsOf(decodeMessage(only, message));
}

function textsOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(textsOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, textsOf(inner)]));
}

Deno.test("encodeReply() writes a ping as one byte that says zero length", () => {
  assert.deepEqual(encodeReply("{}"), Uint8Array.of(0));
});

Deno.test("encodeReply() writes the bytes of the field numbers of the protocol", () => {
  assert.deepEqual(
    encodeReply('{"id":300,"error":{"code":100,"message":"no","temporary":true}}'),
    Uint8Array.of(13, 8, 0xac, 2, 18, 8, 8, 100, 18, 2, 110, 111, 24, 1),
  );
  assert.deepEqual(
    encodeReply('{"push":{"channel":"a","pub":{"data":{"b": 1},"offset":7}}}'),
    Uint8Array.of(19, 34, 17, 18, 1, 97, 34, 12, 48, 7, 34, 8, 123, 34, 98, 34, 58, 32, 49, 125),
  );
});

Deno.test("encodeReply() keeps data as it was written, and every other field", () => {
  const data = '{ "n" : 10000000000000000001.10, "x": [ "\\"}]{[" ], "é": "\\u00e9", "n":null }';
  const info = `{"user":"u\\n1","client":"c","conn_info":${data},"chan_info":1}`;
  const reply = `{"id":7,"subscribe":{"expires":true,"ttl":60,"recoverable":true,"positioned":true,` +
    `"was_recovering":true,"recovered":true,"epoch":"e\\"p","offset":9007199254740991,"publications":[` +
    `{"data":${data},"info":${info},"tags":{"a":"é","__proto__":"x"},"time":1700000000000,"key":"k","offset":1},` +
    ` {"data":"two","offset":2}],"unknown":{"deep":[1,{"a":2}]}}}`;
  const { tags, ...first } = {
    data,
    info: { user: "u\n1", client: "c", conn_info: data, chan_info: "1" },
    tags: Object.fromEntries([["a", "é"], ["__proto__", "x"]]),
    time: 1_700_000_000_000,
    key: "k",
    offset: 1,
  };
  const { subscribe } = Object(read(encodeReply(reply)));
  assert.deepEqual(subscribe.publications[0].tags, tags);
  delete subscribe.publications[0].tags;
  assert.deepEqual(subscribe, {
    expires: true,
    ttl: 60,
    recoverable: true,
    positioned: true,
    was_recovering: true,
    recovered: true,
    epoch: 'e"p',
    offset: Number.MAX_SAFE_INTEGER,
    publications: [first, { data: '"two"', offset: 2 }],
  });
});

Deno.test("encodeReply() writes maps of messages and lengths of more than one byte", () => {
  const members = Array.from({ length: 300 }, (_, n) => [`c${n}`, { user: "u".repeat(n), client: `c${n}` }]);
  const presence = Object.fromEntries(members);
  const { presence: answer } = Object(read(encodeReply(JSON.stringify({ id: 1, presence: { presence } }))));
  for (const [client, info] of Object.entries(answer.presence)) assert.deepEqual(info, presence[client]);
  assert.equal(Object.keys(answer.presence).length, 300);
});

Deno.test("encodeReply() gives bytes where base64 stands for them", () => {
  const bytes = Uint8Array.of(0, 255, 128, 10);
  const json = `{"push":{"channel":"a","pub":{"data":"${bytes.toBase64()}","b64":true}}}`;
  const [message] = splitMessages(encodeReply(json));
  assert.ok(message);
  const { push } = Object(decodeMessage(message, REPLY));
  assert.deepEqual(new Uint8Array(push.pub.data), bytes);
});

Deno.test("protobufLine() gives differences, and whole payloads beside them, as they are and not as strings", () => {
  const prefix = pushPrefix("a");
  const whole = protobufLine(textPublicationLine(prefix, '{"a":"ü"}', ""));
  assert.deepEqual(read(whole.bytes ?? assert.fail()), {
    push: { channel: "a", pub: { data: '{"a":"ü"}' } },
  });
  const delta = protobufLine(textPublicationLine(prefix, "3\n3@0,1:2x;", '"delta":true'));
  assert.deepEqual(read(delta.bytes ?? assert.fail()), {
    push: { channel: "a", pub: { data: "3\n3@0,1:2x;", delta: true } },
  });
  const list = '{"id":1,"subscribe":{"publications":[{"data":"{\\"a\\":1}","offset":1}],"delta":true}}';
  const { subscribe } = Object(read(encodeReply(list)));
  assert.deepEqual(subscribe.publications, [{ data: '{"a":1}', offset: 1 }]);
});

Deno.test("protobufLine() is made once for all who want it", () => {
  const line = publicationLine(pushPrefix("a"), "1", "");
  assert.equal(protobufCodec.encode(line), protobufCodec.encode(line));
});

Deno.test("Frame joins binary lines without a newline, and says how long they are", () => {
  const lines = ["{}", '{"id":1,"ping":{}}'].map((text) => protobufLine(new Line(text)));
  const frame = lines.reduce((frame, line) => frame.extend(line), Frame.root());
  assert.ok(frame.isBinary);
  assert.deepEqual(frame.bytes(), Uint8Array.of(0, 4, 8, 1, 98, 0));
  assert.equal(frame.size, 6);
  assert.equal(frame.lines, 2);
});

Deno.test("protobufLine() of joined lines holds the same bytes as each alone, made once", () => {
  const lines = ["{}", '{"id":1,"ping":{}}'].map((text) => new Line(text));
  const joined = Line.join(lines);
  assert.equal(protobufLine(joined), protobufLine(joined));
  const frame = Frame.root().extend(protobufLine(joined));
  assert.deepEqual(frame.bytes(), Uint8Array.of(0, 4, 8, 1, 98, 0));
  assert.deepEqual([frame.isBinary, frame.size, frame.lines], [true, 6, 2]);
});
