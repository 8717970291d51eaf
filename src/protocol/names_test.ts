import assert from "node:assert/strict";
import { ClientError } from "../core/errors.ts";
import { channelKey, checkChannelName, namespaceOf, splitChannelKey } from "./channel_name.ts";
import { clientInfoJson, userOfInfo } from "./client_info.ts";
import { payloadOf, requirePayload } from "./payload.ts";

const isBadRequest = (error: unknown) => error instanceof ClientError && error.code === 107;

Deno.test("splitChannelKey() reads back what channelKey() joined, slashes in the channel included", () => {
  assert.deepEqual(splitChannelKey(channelKey("acme", "a/b/c")), { workspace: "acme", channel: "a/b/c" });
});

Deno.test("namespaceOf() is what stands before the first colon, without the mark of a private channel", () => {
  assert.deepEqual(["room", "chat:room", "$chat:room", "a:b:c", ":x"].map(namespaceOf), [
    undefined,
    "chat",
    "chat",
    "a",
    "",
  ]);
});

Deno.test("checkChannelName() takes 1 to 255 characters", () => {
  checkChannelName("c", 255);
  checkChannelName("c".repeat(255), 255);
  assert.throws(() => checkChannelName("", 255), isBadRequest);
  assert.throws(() => checkChannelName("c".repeat(256), 255), isBadRequest);
});

Deno.test("clientInfoJson() leaves empty fields out and quotes the others", () => {
  assert.equal(clientInfoJson({ user: "", client: "c" }), '{"client":"c"}');
  assert.deepEqual(
    JSON.parse(clientInfoJson({ user: 'u"', client: "c", connInfo: '{"a":1}', chanInfo: "2" })),
    {
      user: 'u"',
      client: "c",
      conn_info: { a: 1 },
      chan_info: 2,
    },
  );
});

Deno.test("requirePayload() keeps the text, and makes it one line", () => {
  assert.equal(requirePayload("1.10"), "1.10");
  assert.equal(requirePayload('{"a":\r\n1.10}'), '{"a":  1.10}');
  assert.throws(() => requirePayload(undefined), isBadRequest);
});

Deno.test("payloadOf() throws for what JSON cannot say", () => {
  assert.equal(payloadOf({ a: [1] }), '{"a":[1]}');
  for (const value of [undefined, () => 1, Symbol("s"), 1n]) assert.throws(() => payloadOf(value), TypeError);
});

Deno.test("userOfInfo() reads the user that clientInfoJson() wrote, and none as the anonymous one", () => {
  for (const user of ['u"\\ü', ""]) assert.equal(userOfInfo(clientInfoJson({ user, client: "c" })), user);
  for (const json of ['{"user":1}', "null", "[]", '"user"']) assert.equal(userOfInfo(json), "", json);
  assert.throws(() => userOfInfo("{"), SyntaxError);
});
