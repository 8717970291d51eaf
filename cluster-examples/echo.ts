/**
 * An app of your own in place of a built-in: `/apps/echo` that also gives text back in capitals or in reverse.
 * Shows `defineApp`, options in the query of the URL, text and binary, and how an app refuses a client.
 *
 * Run it (the number is the port, 8080 when left out):
 *
 *     deno run --allow-net=127.0.0.1 --allow-env cluster-examples/echo.ts 8080
 *
 * Try it in a second terminal (?as=upper, ?as=reverse, or neither):
 *
 *     deno eval 'const s = new WebSocket("ws://127.0.0.1:8080/apps/echo?as=reverse");
 *       s.onopen = () => s.send("olleh"); s.onmessage = (e) => { console.log(e.data); s.close(); }'
 */
import { type AppSession, createNode, defineApp } from "../src/mod.ts";
import { portOf } from "./port.ts";

/** What `?as=` may say, and what each makes of a text. */
const transforms: ReadonlyMap<string, (text: string) => string> = new Map([
  ["same", (text) => text],
  ["upper", (text) => text.toUpperCase()],
  ["reverse", reverse],
]);

const echo = defineApp({
  open(client) {
    if (transformOf(client) !== undefined) return;
    // 4500-4999 tells a client not to come back: the same URL would be refused again.
    client.close(4500, `unknown ?as=: want one of ${[...transforms.keys()].join(", ")}`);
  },

  message(client, message) {
    const transform = transformOf(client);
    if (transform === undefined) return;
    // Bytes have neither capitals nor letters to turn round.
    client.send(typeof message === "string" ? transform(message) : message);
  },
});

function transformOf(client: AppSession): ((text: string) => string) | undefined {
  return transforms.get(client.query.get("as") ?? "same");
}

/** Turns round what a reader sees as letters: an accent or a flag is several code points and must not fall apart. */
function reverse(text: string): string {
  const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
  return Array.from(letters, ({ segment }) => segment).reverse().join("");
}

const node = await createNode({ port: portOf(Deno.args[0]), apps: { echo } });
console.log(`echo is at ws://${node.address}/apps/echo (Ctrl-C ends it)`);

node.endOnSignals();
await node.ended;
