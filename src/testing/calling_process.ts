/** A client process of its own that calls and reads, so that a test can kill it in mid-call: `calling_process.ts <ws url> <service>`. */
import { Centrifuge } from "centrifuge";
import { service, streams } from "../client/mod.ts";

/** Longer than any test waits: what ends the calls is that somebody was killed. */
const TIMEOUT_MS = 60_000;

const [url = "", id = ""] = Deno.args;
const client = new Centrifuge(url, { timeout: TIMEOUT_MS });
client.connect();
await client.ready();
const options = { timeoutMs: TIMEOUT_MS };
service(client, id, options).hang().catch((error: unknown) => console.log(`the call failed: ${error}`));
for await (const _ of streams(client, id, options).drip()) console.log("an item");
