import assert from "node:assert/strict";
import { ClientError } from "../../core/errors.ts";
import { Link, type LinkHandler, type Wire } from "./link.ts";
import { LinkTraffic } from "./link_traffic.ts";
import { publishHead } from "./resp_encode.ts";

const OPTIONS = { replyTimeoutMs: 60_000, maxQueuedBytes: 1_000, pingEveryMs: 60_000 };
const HEAD = publishHead("c");

/** A connection whose other end is the test. */
class FakeWire implements Wire {
  readonly written: string[] = [];
  readonly #arrived: Uint8Array[] = [];
  #wake: ((bytes: Uint8Array | null) => void) | undefined;
  isClosed = false;
  isStuck = false;

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const take = (bytes: Uint8Array | null) => {
        if (this.isClosed) return reject(new Error("closed"));
        if (bytes) into.set(bytes);
        resolve(bytes && bytes.length);
      };
      const bytes = this.#arrived.shift();
      if (bytes) take(bytes);
      else this.#wake = take;
    });
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    this.written.push(new TextDecoder().decode(bytes));
    if (this.isStuck) return new Promise(() => {});
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.isClosed = true;
    this.#wake?.(null);
  }

  /** Redis says `text`. */
  async say(text: string): Promise<void> {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake) wake(new TextEncoder().encode(text));
    else this.#arrived.push(new TextEncoder().encode(text));
    await settled();
  }

  /** Redis ends the connection. */
  async end(): Promise<void> {
    this.#wake?.(null);
    await settled();
  }
}

class Recorder implements LinkHandler {
  readonly events: string[] = [];
  onMessage(name: string, message: string): void {
    this.events.push(`${name}: ${message}`);
  }
  onConfirm(verb: string, name: string): void {
    this.events.push(`${verb} ${name}`);
  }
  onRevoked(name: string): void {
    this.events.push(`revoked ${name}`);
  }
  onRefused(error: Error): void {
    this.events.push(`refused: ${error.message}`);
  }
  onDown(reason: Error): void {
    this.events.push(`down: ${reason.message}`);
  }
}

/** Lets all microtasks run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function open(options = OPTIONS) {
  const wire = new FakeWire();
  const recorder = new Recorder();
  const link = new Link(wire, recorder, options);
  const results: string[] = [];
  const done = (name: string) => (error?: Error) => results.push(error ? `${name} failed` : name);
  const close = async () => {
    link.drop(new Error("end of test"));
    await link.ended;
  };
  return { wire, recorder, link, results, done, close };
}

Deno.test("Link.publish() writes all of one tick at once and answers in order", async () => {
  const { wire, link, results, done, close } = open();
  link.publish(HEAD, "1", done("1"));
  link.publish(HEAD, "é", done("2"));
  assert.deepEqual(wire.written, []);
  await settled();
  assert.deepEqual(wire.written, [`${HEAD}1\r\n1\r\n${HEAD}2\r\né\r\n`]);
  await wire.say(":0\r\n:1");
  assert.deepEqual(results, ["1"]);
  await wire.say("\r\n");
  assert.deepEqual(results, ["1", "2"]);
  await close();
});

Deno.test("Link.command() with pushes is answered by its confirmations, messages between them or not", async () => {
  const { wire, recorder, link, results, done, close } = open();
  link.command(["SUBSCRIBE", "a", "b"], 2, done("subscribe"));
  link.publish(HEAD, "x", done("publish"));
  await settled();
  await wire.say(">3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n");
  assert.deepEqual(results, []);
  await wire.say(">3\r\n+subscribe\r\n+b\r\n:2\r\n:0\r\n");
  assert.deepEqual(results, ["subscribe", "publish"]);
  assert.deepEqual(recorder.events, ["subscribe a", "a: m", "subscribe b"]);
  await close();
});

Deno.test("Link.command() fails alone when Redis refuses it, a SUBSCRIBE included", async () => {
  const { wire, link, results, done, close } = open();
  link.command(["SUBSCRIBE", "a", "b"], 2, done("subscribe"));
  link.publish(HEAD, "x", done("publish"));
  await settled();
  await wire.say("-NOPERM no\r\n:0\r\n");
  assert.deepEqual(results, ["subscribe failed", "publish"]);
  await close();
});

Deno.test("Link.publish() past the bound of bytes fails in its turn, and goes on once there is room", async () => {
  const { wire, link, results, done, close } = open();
  link.publish(HEAD, "x".repeat(800), done("1"));
  link.publish(HEAD, "x".repeat(800), done("2"));
  link.publish(HEAD, "y", done("3"));
  await settled();
  assert.deepEqual(results, []);
  link.publish(HEAD, "z", done("4"));
  await settled();
  await wire.say(":0\r\n:0\r\n:0\r\n");
  assert.deepEqual(results, ["1", "2 failed", "3", "4"]);
  assert.equal(wire.written.join("").includes("x".repeat(801)), false);
  await close();
});

Deno.test("Link.publish() past the bound of bytes fails later, also when nothing is under way", async () => {
  const { link, results, done, close } = open();
  link.publish(HEAD, "x".repeat(2_000), done("1"));
  assert.deepEqual(results, []);
  await settled();
  assert.deepEqual(results, ["1 failed"]);
  await close();
});

Deno.test("Link says down once and fails what is under way with error 100 when Redis closes", async () => {
  const { wire, recorder, link, results, done, close } = open();
  const errors: (Error | undefined)[] = [];
  link.publish(HEAD, "1", done("1"));
  link.publish(HEAD, "2", (error) => errors.push(error));
  await settled();
  await wire.say(":0\r\n");
  await wire.end();
  link.publish(HEAD, "3", done("3"));
  await settled();
  assert.deepEqual(results, ["1", "3 failed"]);
  assert.ok(errors[0] instanceof ClientError && errors[0].code === 100);
  assert.deepEqual(recorder.events, ["down: Redis closed the connection"]);
  assert.equal(wire.isClosed, true);
  await close();
  assert.equal(recorder.events.length, 1);
});

Deno.test("Link goes down on garbage and on answers to nothing", async () => {
  for (const text of ["garbage\r\n", ":1\r\n", ">3\r\n+subscribe\r\n+a\r\n:1\r\n", "$99999999999\r\n"]) {
    const { wire, recorder, close } = open();
    await wire.say(text);
    assert.match(recorder.events.join(), /^down: Cannot read Redis reply/);
    await close();
  }
});

Deno.test("Link says nothing more after it went down in the middle of a piece", async () => {
  const { wire, recorder, close } = open();
  await wire.say(":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n");
  assert.equal(recorder.events.length, 1);
  await close();
});

Deno.test("Link.publish() called inside done of a link going down fails later, once", async () => {
  const { wire, link, results, done, close } = open();
  link.publish(HEAD, "1", () => link.publish(HEAD, "2", done("2")));
  await settled();
  await wire.end();
  await settled();
  assert.deepEqual(results, ["2 failed"]);
  await close();
});

Deno.test("Link counts commands, bytes both ways, and the nodes that publications reach", async () => {
  const wire = new FakeWire();
  const traffic = new LinkTraffic();
  const link = new Link(wire, new Recorder(), { ...OPTIONS, traffic });
  link.publish(HEAD, "m", () => {});
  link.publish(HEAD, "m", () => {});
  link.publish(HEAD, "probe", () => {}, true);
  link.command(["DBSIZE"], 0, () => {});
  await wire.say(":3\r\n:0\r\n:1\r\n:99\r\n");
  const sentBytes = wire.written.join("").length;
  const expected = { connections: 1, commands: 4, sentBytes, receivedBytes: 17 };
  assert.deepEqual({ ...traffic }, { ...expected, countedPublications: 2, nodesTouched: 3 });
  link.drop(new Error("test"));
  await link.ended;
  assert.equal(traffic.connections, 0);
});

Deno.test("Link says what Redis unsubscribed by itself, also while a subscription is under way", async () => {
  const { wire, recorder, link, results, done, close } = open();
  await wire.say(">3\r\n+sunsubscribe\r\n+a\r\n:0\r\n");
  link.command(["SSUBSCRIBE", "b"], 1, done("subscribe"));
  await settled();
  await wire.say(">3\r\n+sunsubscribe\r\n+c\r\n:0\r\n>3\r\n+ssubscribe\r\n+b\r\n:1\r\n");
  assert.deepEqual(recorder.events, ["revoked a", "revoked c", "subscribe b"]);
  assert.deepEqual(results, ["subscribe"]);
  link.command(["SUNSUBSCRIBE", "b"], 1, done("unsubscribe"));
  await settled();
  await wire.say(">3\r\n+sunsubscribe\r\n+b\r\n:0\r\n");
  assert.deepEqual(recorder.events.slice(3), ["unsubscribe b"]);
  assert.deepEqual(results, ["subscribe", "unsubscribe"]);
  await close();
});

Deno.test("Link tells a refusal before the command fails, and refuse() waits for its turn", async () => {
  const { wire, recorder, link, results, done, close } = open();
  link.publish(HEAD, "1", done("1"));
  link.refuse(done("2"), new ClientError("internal"));
  assert.deepEqual(results, []);
  await settled();
  await wire.say("-MOVED 1 127.0.0.1:2\r\n");
  assert.deepEqual(recorder.events, ["refused: MOVED 1 127.0.0.1:2"]);
  assert.deepEqual(results, ["1 failed", "2 failed"]);
  await close();
});
