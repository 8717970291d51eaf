/**
 * Functions that clients offer each other: each process sits on a node of its own, offers "add" and "ticks" under its
 * name, or calls those of whoever offers them. Shows `serve`, `service` and `streams` on top of the official SDK: calls go
 * round all providers in turn, and a call whose provider dies ends at once.
 *
 * Start a cluster, then one provider on its first node and another on its second:
 *
 *     deno task cluster
 *     deno run --allow-net=127.0.0.1 cluster-examples/services.ts --node 8080 --offer ann
 *     deno run --allow-net=127.0.0.1 cluster-examples/services.ts --node 8081 --offer bob
 *
 * Call them from the third node; this ends with 0, and with 1 when a call fails:
 *
 *     deno run --allow-net=127.0.0.1 cluster-examples/services.ts --node 8082 --calls 4
 *
 * Any HTTP client can do the same, at any node:
 *
 *     curl -s -H content-type:application/json -d "[1, 2]" http://127.0.0.1:8082/default/services/math/add
 *     curl -sN "http://127.0.0.1:8082/default/services/math/ticks?count=3"
 */
import { parseArgs } from "node:util";
import { Centrifuge } from "centrifuge";
import { serve, service, ServiceError, streams } from "../src/client/mod.ts";

const READY_WITHIN_MS = 10_000;
const TICK_MS = 200;

const { values } = parseArgs({
  options: {
    node: { type: "string", default: "8080" },
    offer: { type: "string" },
    calls: { type: "string", default: "4" },
  },
});

/** What the service looks like to its callers. */
interface MathService {
  add(x: number, y: number): { readonly sum: number; readonly by: string };
  ticks(options: { readonly count: number }): AsyncIterable<number>;
}

const client = new Centrifuge(`ws://127.0.0.1:${values.node}/connection/websocket`, { name: "services" });
client.connect();
await client.ready(READY_WITHIN_MS);
if (values.offer === undefined) await callAll(Number(values.calls)).catch(fail);
else await offer(values.offer).catch(fail);

async function offer(name: string): Promise<void> {
  await serve(client, {
    id: "math",
    description: "Adds, and counts with a pause after each number.",
    functions: {
      add: {
        handle: ({ args }) => {
          const [x = 0, y = 0] = args as number[]; // the server has checked them
          return { sum: x + y, by: name };
        },
        params: { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2 },
      },
      ticks: {
        handle: ({ args, signal }) => ticks(args as { count?: unknown }, signal),
        stream: true,
        safe: true,
      },
    },
  });
  console.log(`* ${name} offers math on node ${values.node}`);
  Deno.addSignalListener("SIGINT", () => Deno.exit(0));
}

/** Stops when nobody listens any more. */
async function* ticks({ count }: { readonly count?: unknown }, signal: AbortSignal) {
  for (let tick = 1; tick <= Number(count) && !signal.aborted; tick++) {
    await new Promise((go) => setTimeout(go, TICK_MS));
    yield tick;
  }
}

async function callAll(count: number): Promise<void> {
  const math = service<MathService>(client, "math");
  for (let i = 0; i < count; i++) {
    const { sum, by } = await math.add(i, 1);
    console.log(`${i} + 1 = ${sum}, says ${by}`);
  }
  for await (const tick of streams<MathService>(client, "math").ticks({ count: 3 })) {
    console.log(`tick ${tick}`);
  }
  client.disconnect();
}

function fail(error: unknown): never {
  const code = error instanceof ServiceError ? ` (${error.code})` : "";
  console.error(`* ${error instanceof Error ? error.message : error}${code}`);
  Deno.exit(1);
}
