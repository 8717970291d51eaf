/** A server to be run with few descriptors: `deno run http_reopen_program.ts <transport> <shared port> [overlap]`. */
import type { TransportName } from "../src/http/mod.ts";
import { startServer } from "./http_kit.ts";

// The runtime panics when it first sets signals up while no descriptor is left: a node, too, does this at its start.
Deno.addSignalListener("SIGTERM", () => Deno.exit());

const transport: TransportName = Deno.args[0] === "streams" ? "streams" : "tcp";
const { server, port } = await startServer(transport, {
  sharedPort: Number(Deno.args[1]),
  mayOverlap: Deno.args[2] === "overlap",
});
console.log(JSON.stringify({ port }));
let told = 0;
setInterval(() => {
  if (server.listenersReopened === told) return;
  told = server.listenersReopened;
  console.log(JSON.stringify({ reopened: told }));
}, 50);
