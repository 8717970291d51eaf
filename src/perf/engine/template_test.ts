import assert from "node:assert/strict";
import { FIRST_ID, isAt, MessageTemplate, readNumber } from "./template.ts";
import { ByteLink } from "./wire/byte_link.ts";
import { FrameReader } from "./wire/frame_reader.ts";

/** What a link writes, synchronously. */
function recordingLink() {
  const written: Uint8Array[] = [];
  const connection = {
    read: () => new Promise<null>(() => {}),
    write: (bytes: Uint8Array) => {
      written.push(bytes.slice());
      return Promise.resolve(bytes.length);
    },
    close: () => {},
  };
  return { written, link: new ByteLink(connection, { onBytes: () => 0, onEnd: () => {} }) };
}

/** The payload of one masked client frame. */
function unmasked(bytes: Uint8Array): string {
  const short = (bytes[1] ?? 0) & 127;
  const keyAt = short < 126 ? 2 : short === 126 ? 4 : 10;
  const key = bytes.subarray(keyAt, keyAt + 4);
  const payload = bytes.slice(keyAt + 4).map((byte, at) => byte ^ (key[at & 3] ?? 0));
  return new TextDecoder().decode(payload);
}

Deno.test("MessageTemplate sendOn() writes its numbers into a masked frame, whatever the length of the header", () => {
  const key = new Uint8Array([1, 130, 77, 255]);
  for (const length of [0, 5, 100, 125, 126, 70_000]) {
    const { written, link } = recordingLink();
    const payload = "x".repeat(length);
    new MessageTemplate('{"id":{{id}},"c":"r{{channel}}","s":{{seq}},"p":"{{payload}}é"}', payload, key)
      .sendOn(link, 42, 7, 305);
    const [bytes = new Uint8Array(0)] = written;
    assert.equal(bytes[0], 0x81);
    assert.equal(unmasked(bytes), `{"id":1000000042,"c":"r000305","s":1000000007,"p":"${payload}é"}`);
  }
});

Deno.test("MessageTemplate without a key goes out as it is", () => {
  const { written, link } = recordingLink();
  new MessageTemplate("GET /{{id}} HTTP/1.1\r\n\r\n", "", undefined).sendOn(link, 3, 0, 0);
  assert.equal(new TextDecoder().decode(written[0]), "GET /1000000003 HTTP/1.1\r\n\r\n");
});

Deno.test("readNumber() reads ten digits and answers -1 for anything else", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  assert.equal(readNumber(encode(`id ${FIRST_ID + 12},`), 3), 12);
  assert.deepEqual(["0000000012", "10000000x2", "10000"].map((text) => readNumber(encode(text), 0)), [
    -1,
    -1,
    -1,
  ]);
  assert.equal(isAt(encode("abcd"), 1, encode("xbc"), 1), true);
});

Deno.test("FrameReader hands over whole messages, however the bytes are cut and fragmented", () => {
  const messages: string[] = [];
  const listener = {
    onMessage: (bytes: Uint8Array, from: number, to: number) =>
      void messages.push(new TextDecoder().decode(bytes.subarray(from, to))),
    onPing: () => void messages.push("ping"),
    onClose: (code: number, reason: string) => void messages.push(`close ${code} ${reason}`),
    onViolation: (text: string) => void messages.push(text),
  };
  const long = "y".repeat(300);
  const stream = new Uint8Array([
    ...[0x81, 2, 104, 105],
    ...[0x01, 1, 97, 0x89, 0, 0x80, 1, 98],
    ...[0x81, 126, 1, 44, ...new TextEncoder().encode(long)],
    ...[0x88, 4, 3, 232, 111, 107],
  ]);
  for (let cut = 1; cut < 12; cut++) {
    messages.length = 0;
    const reader = new FrameReader(listener);
    let rest = new Uint8Array(0);
    for (let at = 0; at < stream.length; at += cut) {
      const bytes = new Uint8Array([...rest, ...stream.subarray(at, at + cut)]);
      rest = bytes.slice(reader.read(bytes, 0, bytes.length));
    }
    assert.deepEqual(messages, ["hi", "ping", "ab", long, "close 1000 ok"]);
  }
});
