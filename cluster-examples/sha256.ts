/**
 * Digests of whatever is sent, with the algorithm of the client's choice: `/apps/digest?algorithm=SHA-512&as=base64`.
 * Shows an asynchronous app (answers keep the order of the messages), answers as JSON, and a failure as an answer.
 *
 * Run it (the number is the port, 8080 when left out):
 *
 *     deno run --allow-net=127.0.0.1 --allow-env cluster-examples/sha256.ts 8080
 *
 * Try it in a second terminal:
 *
 *     deno eval 'const s = new WebSocket("ws://127.0.0.1:8080/apps/digest?algorithm=SHA-384");
 *       s.onopen = () => s.send("hello"); s.onmessage = (e) => { console.log(e.data); s.close(); }'
 */
import { createNode, defineApp } from "../src/mod.ts";
import { portOf } from "./port.ts";

const algorithms: readonly string[] = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

/** How `?as=` may want a digest written. */
const writers: ReadonlyMap<string, (digest: Uint8Array) => string> = new Map([
  ["hex", (digest) => digest.toHex()],
  ["base64", (digest) => digest.toBase64()],
]);

const digest = defineApp({
  // The next message of this client waits until the promise is done; other clients do not.
  async message(client, message) {
    const algorithm = (client.query.get("algorithm") ?? "SHA-256").toUpperCase();
    const write = writers.get(client.query.get("as") ?? "hex");
    if (!algorithms.includes(algorithm)) {
      return client.send({ error: `unknown ?algorithm=: want one of ${algorithms.join(", ")}` });
    }
    if (write === undefined) {
      return client.send({ error: `unknown ?as=: want one of ${[...writers.keys()].join(", ")}` });
    }
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    const hash = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
    client.send({ algorithm, bytes: bytes.length, digest: write(hash) });
  },
});

const node = await createNode({ port: portOf(Deno.args[0]), apps: { digest } });
console.log(`digest is at ws://${node.address}/apps/digest (Ctrl-C ends it)`);

node.endOnSignals();
await node.ended;
