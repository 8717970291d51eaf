/**
 * A terminal chat across nodes: each process sits on a node of its own, all are in one room. Shows the official SDK
 * (`npm:centrifuge`) as it is: it comes back after a node's restart by itself and tells which ends are for good.
 *
 * Start a cluster, then a chat on its first node and, in one more terminal, one on its second:
 *
 *     deno task cluster
 *     deno run --allow-net=127.0.0.1 cluster-examples/chat.ts --node 8080 --name ann
 *     deno run --allow-net=127.0.0.1 cluster-examples/chat.ts --node 8081 --name bob
 *
 * Write a line in one and it appears in both; Ctrl-D or Ctrl-C leaves. `--room` takes another room than `lobby`.
 * Try it from a script; this ends with 0 once the line was seen, and with 1 when that takes over 10 s:
 *
 *     deno run --allow-net=127.0.0.1 cluster-examples/chat.ts --node 8081 --name cron --once "good morning"
 */
import { parseArgs } from "node:util";
import { Centrifuge } from "centrifuge";

/** Longer lines are cut: nobody reads them, and a node takes no more than 64 KiB at once. */
const MAX_TEXT = 2_000;
const SEEN_WITHIN_MS = 10_000;

const { values } = parseArgs({
  options: {
    node: { type: "string", default: "8080" },
    room: { type: "string", default: "lobby" },
    name: { type: "string", default: "somebody" },
    once: { type: "string" },
  },
});
const once = values.once === undefined ? undefined : { id: crypto.randomUUID(), text: values.once };
const client = new Centrifuge(`ws://127.0.0.1:${values.node}/connection/websocket`, { name: "chat" });
const room = client.newSubscription(`chat-${values.room}`);

room.on("subscribed", () => console.log(`* in room ${values.room} on node ${values.node}`));
room.on("publication", ({ data }) => {
  console.log(`${printable(data?.name)}: ${printable(data?.text)}`);
  // A line that came back has gone through the cluster and not only to the node.
  if (once !== undefined && data?.id === once.id) client.disconnect();
});
room.on("unsubscribed", ({ code, reason }) => end(code, reason));
client.on("disconnected", ({ code, reason }) => end(code, reason));
client.on("connecting", ({ code, reason }) => {
  if (code !== 0) console.log(`* lost node ${values.node} (${reason}), trying again`);
});
client.on("error", ({ error }) => complain(error));

Deno.addSignalListener("SIGINT", () => client.disconnect());
room.subscribe();
client.connect();
if (once === undefined) await sendLinesOfStdin();
else await sendOnce(once).catch(({ message }) => end(1, message));

async function sendLinesOfStdin(): Promise<void> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_TEXT);
    for (const line of lines) await send(crypto.randomUUID(), line).catch(complain);
  }
  client.disconnect();
}

async function sendOnce({ id, text }: { readonly id: string; readonly text: string }): Promise<void> {
  setTimeout(() => end(1, `not seen within ${SEEN_WITHIN_MS} ms`), SEEN_WITHIN_MS);
  // Before the subscription stands, the line would come back to nobody.
  await room.ready(SEEN_WITHIN_MS);
  await send(id, text);
}

/** Waits for a connection if there is none; rejects with `{ code, message }` when it takes too long or is refused. */
async function send(id: string, text: string): Promise<void> {
  if (text.trim() !== "") await room.publish({ id, name: values.name, text: text.slice(0, MAX_TEXT) });
}

function complain(error: { readonly message: string }): void {
  console.error(`* ${error.message}`);
}

/** Ends the process: code 0 says that we left, any other that the server does not want us back. */
function end(code: number, reason: string): never {
  if (code !== 0) console.error(`* ${reason} (${code})`);
  Deno.exit(code === 0 ? 0 : 1);
}

/** Others may send anything: control characters would move the cursor of this terminal or write over its lines. */
function printable(value: unknown): string {
  return String(value).replace(/\p{Cc}/gu, " ").slice(0, MAX_TEXT);
}
