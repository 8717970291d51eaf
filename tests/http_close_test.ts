/** Whom the end of a listener, and that of its transport, takes along. */
import assert from "node:assert/strict";
import { TcpTransport } from "../src/http/tcp/mod.ts";
import { pause, until } from "../src/testing/waiting.ts";
import { RawClient, requestHead, serverOptions, transports } from "./http_kit.ts";

const AT = { hostname: "127.0.0.1", port: 0, isShared: true, mayOverlap: false };
const GET = requestHead("GET", "/slow", { Host: "localhost" });

/** A transport with a client whose request is under way, and is answered when `answer` says so. */
async function askedTransport(name: typeof transports[number]) {
  const { options } = serverOptions(name);
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: response, resolve: answer } = Promise.withResolvers<Response>();
  const app = { ...options.app, fetch: async () => (ask(), (await response).clone()) };
  const transport = new TcpTransport({ ...options, app });
  const listener = await transport.listen(AT, () => {});
  const client = await RawClient.connect(listener.port);
  await client.write(GET);
  await asked;
  return { transport, listener, client, answer };
}

for (const name of transports) {
  Deno.test(`${name} answers on one listener while another, opened during the close, is closed`, async () => {
    const { transport, listener, client, answer } = await askedTransport(name);
    await using _ = client;
    listener.close();
    const closed = transport.close(5_000);
    const late = await transport.listen(AT, () => {});
    late.close();
    await assert.rejects(RawClient.connect(late.port), Deno.errors.ConnectionRefused);
    // Time for a cut to arrive.
    await pause(30);
    assert.equal(client.isEnded, false);
    answer(new Response("answered all the same"));
    await until("the answer", () => client.text.includes("answered all the same"));
    await closed;
  });

  Deno.test(`${name} keeps the connections of a closed listener until its transport closes`, async () => {
    const { transport, listener, client, answer } = await askedTransport(name);
    await using _ = client;
    listener.close();
    await assert.rejects(RawClient.connect(listener.port), Deno.errors.ConnectionRefused);
    answer(new Response("one"));
    await until("the answer", () => client.text.includes("one"));
    await client.write(GET);
    await until("a further answer", () => client.text.split("HTTP/1.1 ").length === 3);
    await transport.close(200);
    await until("its end", () => client.isEnded, 1_000);
  });

  Deno.test(`${name} ends the connections of a lost listener when its transport closes`, async () => {
    const transport = new TcpTransport(serverOptions(name).options);
    const lost = await transport.listen(AT, () => {});
    await using client = await RawClient.connect(lost.port);
    await client.write(GET);
    await until("the answer", () => client.text !== "");
    assert.ok("lose" in lost && typeof lost.lose === "function");
    lost.lose("a test");
    await transport.close(200);
    await until("its end", () => client.isEnded, 1_000);
  });
}
