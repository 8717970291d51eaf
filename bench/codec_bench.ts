/** The codec: what one command, one reply and one push cost. `deno task bench`. */
import { Line } from "../src/core/frame.ts";
import { decodePublication, encodePublication } from "../src/protocol/envelope.ts";
import { decodeLine, publicationLine, pushPrefix, replyLine } from "../src/protocol/json_codec.ts";
import { decodeCommand } from "../src/protocol/protobuf/decode.ts";
import { encodeReply } from "../src/protocol/protobuf/encode.ts";
import { rawField } from "../src/protocol/raw_field.ts";

const publish = '{"id":3,"publish":{"channel":"c12","data":"' + "x".repeat(100) + '"}}';
const large = `{"id":3,"publish":{"channel":"c12","data":${
  JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ i, text: `item "${i}"`, at: i / 7 })))
}}}`;
const rpc = '{"id":7,"rpc":{"method":"echo","data":"' + "x".repeat(24) + '"}}';
const fields = '"info":{"client":"abcdefghijklm.1.abcdef"}';
const data = JSON.stringify("x".repeat(100));
const envelope = encodePublication(data, fields);
const prefix = pushPrefix("c12");

Deno.bench("JSON.parse of a publish, as the floor of decoding", { group: "decode", baseline: true }, () => {
  JSON.parse(publish);
});
Deno.bench("decodeLine(publish of 100 bytes)", { group: "decode" }, () => {
  decodeLine(publish);
});
Deno.bench("decodeLine(rpc)", { group: "decode" }, () => {
  decodeLine(rpc);
});

Deno.bench("JSON.parse and stringify of 25 KB of data", { group: "large", baseline: true }, () => {
  JSON.stringify(JSON.parse(large).publish.data);
});
Deno.bench("rawField() of 25 KB of data", { group: "large" }, () => {
  rawField(large, "publish", "data");
});

Deno.bench("replyLine()", { group: "encode" }, () => {
  replyLine(7, "rpc", '{"data":1}');
});
Deno.bench("envelope to push line, once per publication and node", { group: "encode" }, () => {
  const publication = decodePublication(envelope);
  if (publication !== undefined) publicationLine(prefix, publication.data, publication.fields);
});
Deno.bench("new Line(), ASCII of 150 characters", { group: "encode" }, () => {
  new Line(envelope);
});

const push = publicationLine(prefix, data, fields).text;
const binaryPublish = Uint8Array.of(
  8,
  3,
  58,
  109,
  10,
  3,
  99,
  49,
  50,
  18,
  102,
  ...new TextEncoder().encode(data),
);

Deno.bench("decodeCommand(publish of 100 bytes in Protobuf)", { group: "decode" }, () => {
  decodeCommand(binaryPublish);
});
Deno.bench("push line to Protobuf, once per publication and node", { group: "encode" }, () => {
  encodeReply(push);
});
Deno.bench("reply to Protobuf", { group: "encode" }, () => {
  encodeReply('{"id":7,"publish":{}}');
});
