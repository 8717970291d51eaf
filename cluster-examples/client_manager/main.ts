/**
 * A process that holds many clients of a cluster and is told over HTTP what to do with them: a device fleet in small,
 * or a load to look at. `pool.ts` and `member.ts` hold the clients, `api.ts` and `body.ts` speak HTTP.
 *
 * Start a cluster, and in a second terminal the manager (it listens on 127.0.0.1 only):
 *
 *     deno task cluster
 *     deno run --allow-net=127.0.0.1 cluster-examples/client_manager/main.ts --port 9000 --nodes 8080,8081,8082
 *
 * Try it in a third; Ctrl-C ends the manager and its clients:
 *
 *     curl localhost:9000/clients -d '{"count": 30, "channel": "fleet"}'
 *     curl 'localhost:9000/clients?limit=10'                          # the next page: &after=<next>
 *     curl localhost:9000/send -d '{"data": {"text": "from one"}, "client": 7}'
 *     curl localhost:9000/send -d '{"data": {"text": "from all"}}'
 *     curl localhost:9000/stats
 *     curl -X DELETE localhost:9000/clients/7
 *     curl -X DELETE localhost:9000/clients
 */
import { parseArgs } from "node:util";
import { createApi } from "./api.ts";
import { ClientPool } from "./pool.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9000" },
    nodes: { type: "string", default: "8080,8081,8082" },
    "max-clients": { type: "string", default: "1000" },
  },
});

const pool = new ClientPool({
  nodes: values.nodes.split(",").map((port) => `127.0.0.1:${integer("nodes", port, 1, 65_535)}`),
  maxClients: integer("max-clients", values["max-clients"], 1, 10_000),
});
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: integer("port", values.port, 0, 65_535),
  onListen: ({ port }) => console.log(`client manager is at http://127.0.0.1:${port} (Ctrl-C ends it)`),
}, createApi(pool));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    // Clients first: requests that wait for them are answered then, and the server can end.
    pool.closeAll();
    void server.shutdown();
  });
}
await server.finished;

function integer(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  console.error(`Cannot use --${option} "${text}": want integers from ${min} to ${max}`);
  Deno.exit(2);
}
