import assert from "node:assert/strict";
import { ClientError, CloseError } from "../core/errors.ts";
import {
  decodeLine,
  errorLine,
  messagePush,
  publicationLine,
  pushPrefix,
  replyLine,
  splitFrame,
  unsubscribePush,
} from "./json_codec.ts";

const isBadRequest = (error: unknown) => error instanceof CloseError && error.close.code === 3501;

Deno.test("splitFrame() splits at newlines and allows one at the end", () => {
  assert.deepEqual(splitFrame("a"), ["a"]);
  assert.deepEqual(splitFrame("a\nb"), ["a", "b"]);
  assert.deepEqual(splitFrame("a\nb\n"), ["a", "b"]);
  assert.deepEqual(splitFrame("a\n\nb"), ["a", "", "b"]);
});

Deno.test("decodeLine() reads a publish with its data as source text", () => {
  const command = decodeLine(
    '{"id":5,"publish":{"channel":"c","data":{"big":12345678901234567890},"unknown":1},"more":2}',
  );
  assert.deepEqual(command, {
    kind: "publish",
    id: 5,
    request: { channel: "c" },
    rawData: '{"big":12345678901234567890}',
  });
});

Deno.test("decodeLine() reads every command of the protocol", () => {
  const requests = {
    connect: { token: "t", subs: { c: { recover: true, epoch: "e", offset: 1 } } },
    subscribe: { channel: "c", flag: 1 },
    unsubscribe: { channel: "c" },
    presence: { channel: "c" },
    presence_stats: { channel: "c" },
    history: { channel: "c", limit: 10, since: { offset: 1, epoch: "x" }, reverse: true },
    rpc: { method: "m", data: [1] },
    refresh: { token: "t" },
    sub_refresh: { channel: "c", token: "t" },
    ping: {},
  };
  for (const [kind, request] of Object.entries(requests)) {
    const command = decodeLine(JSON.stringify({ id: 1, [kind]: request }));
    assert.equal(command.kind, kind);
    assert.deepEqual("request" in command && command.request, request);
  }
});

Deno.test("decodeLine() takes an empty object for a pong", () => {
  assert.deepEqual([decodeLine("{}").kind, decodeLine(" { } ").kind], ["pong", "pong"]);
});

Deno.test("decodeLine() lets send, and only send, go without an id", () => {
  assert.equal(decodeLine('{"send":{"data":1}}').kind, "send");
  assert.throws(() => decodeLine('{"rpc":{}}'), isBadRequest);
  assert.throws(() => decodeLine('{"id":0,"rpc":{}}'), isBadRequest);
});

Deno.test("decodeLine() closes 3501 over anything that is no command", () => {
  const bad = [
    "",
    " ",
    "x",
    "{",
    "[]",
    "[{}]",
    "null",
    "1",
    '"{}"',
    "{}{}",
    '{"id":1}',
    '{"id":1,"dance":{}}',
    '{"id":1,"ping":{},"rpc":{}}',
    '{"id":-1,"ping":{}}',
    '{"id":1.5,"ping":{}}',
    '{"id":"1","ping":{}}',
    '{"id":4294967296,"ping":{}}',
    '{"id":1,"ping":null}',
    '{"id":1,"ping":5}',
    '{"id":1,"subscribe":{}}',
    '{"id":1,"subscribe":{"channel":5}}',
    '{"id":1,"publish":{"channel":["c"],"data":1}}',
    '{"id":1,"history":{"channel":"c","limit":"all"}}',
    '{"id":1,"connect":{"token":{}}}',
    '{"__proto__":{"ping":{}},"id":1}',
    '{"id":1,"constructor":{}}',
  ];
  for (const line of bad) assert.throws(() => decodeLine(line), isBadRequest, line);
});

Deno.test("decodeLine() is not fooled by prototype names in data", () => {
  const command = decodeLine('{"id":1,"rpc":{"method":"m","data":{"__proto__":{"polluted":true}}}}');
  assert.equal(command.kind, "rpc");
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("decodeLine() reads random and mutated frames or closes, and never does anything else", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
  const samples = [
    '{"id":1,"publish":{"channel":"c","data":{"a":[1,"\\"x"]}}}',
    '{"id":2,"connect":{"subs":{"c":{}}}}',
    '{"send":{}}',
  ];
  for (let i = 0; i < 20_000; i++) {
    const characters = [...(samples[random(samples.length)] ?? "")];
    for (let cuts = random(4); cuts >= 0; cuts--) {
      characters.splice(random(characters.length), random(3), String.fromCharCode(random(130)));
    }
    const line = characters.join("");
    try {
      decodeLine(line);
    } catch (error) {
      assert.ok(error instanceof CloseError, `${JSON.stringify(line)}: ${error}`);
    }
  }
});

Deno.test("replyLine() and errorLine() carry the id of their command", () => {
  assert.deepEqual(JSON.parse(replyLine(7, "rpc", '{"data":1}').text), { id: 7, rpc: { data: 1 } });
  assert.deepEqual(JSON.parse(errorLine(8, new ClientError("internal")).text), {
    id: 8,
    error: { code: 100, message: "internal server error", temporary: true },
  });
  assert.deepEqual(JSON.parse(errorLine(9, new ClientError("permissionDenied")).text), {
    id: 9,
    error: { code: 103, message: "permission denied" },
  });
});

Deno.test("publicationLine() puts the payload in as it was written, and its fields beside it", () => {
  const prefix = pushPrefix('quo"te');
  assert.equal(
    publicationLine(prefix, "1.10", "").text,
    '{"push":{"channel":"quo\\"te","pub":{"data":1.10}}}',
  );
  assert.deepEqual(JSON.parse(publicationLine(prefix, "{}", '"info":{"client":"x"}').text), {
    push: { channel: 'quo"te', pub: { data: {}, info: { client: "x" } } },
  });
});

Deno.test("unsubscribePush() and messagePush() are pushes", () => {
  assert.deepEqual(JSON.parse(unsubscribePush(pushPrefix("c"), 2500, "insufficient state").text), {
    push: { channel: "c", unsubscribe: { code: 2500, reason: "insufficient state" } },
  });
  assert.deepEqual(JSON.parse(messagePush("[1]").text), { push: { message: { data: [1] } } });
});
