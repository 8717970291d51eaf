/**
 * A process that behaves towards its supervisor as a node does, for tests of the supervisor alone. Takes the arguments
 * of `start`; `--crash` makes it fail before it is ready, `--rss-mb N` makes it say so in `/stats`, `--never-ready`
 * makes it answer 503, `--deaf` makes it ignore SIGTERM.
 */
import { parseArgs } from "node:util";
import { HUB_ADDRESS_VARIABLE, HUB_SECRET_VARIABLE, SUPERVISED_VARIABLE } from "../core/supervision.ts";

const { values } = parseArgs({
  strict: false,
  args: Deno.args,
  options: {
    port: { type: "string" },
    host: { type: "string" },
    "rss-mb": { type: "string" },
    crash: { type: "boolean" },
    deaf: { type: "boolean" },
    "never-ready": { type: "boolean" },
  },
});

if (values.crash) {
  console.error("boom: told to crash");
  Deno.exit(3);
}
if (Deno.env.get(SUPERVISED_VARIABLE) !== "1") throw new Error("Cannot start: want a supervisor");

Deno.addSignalListener("SIGTERM", () => values.deaf || Deno.exit(0));
Deno.addSignalListener("SIGINT", () => {});
Deno.addSignalListener("SIGHUP", () => {});
void endWithSupervisor();

const port = { port: Number(values.port), hostname: String(values.host), reusePort: true, onListen() {} };
const node = `fake-${Deno.pid}`;
Deno.serve(port, (request) => {
  switch (new URL(request.url).pathname) {
    case "/health/ready":
      if (values["never-ready"]) return Response.json({ node, cause: "no Redis" }, { status: 503 });
      return Response.json({ node, status: "ok" });
    case "/stats":
      return Response.json({ node: { node, connections: 7, rss_bytes: rssBytes() } });
    case "/environment":
      return Response.json({
        hub: Deno.env.get(HUB_ADDRESS_VARIABLE),
        hasSecret: /^[0-9a-f]{64}$/.test(Deno.env.get(HUB_SECRET_VARIABLE) ?? ""),
      });
    default:
      return new Response("not found", { status: 404 });
  }
});
console.log("fake node is listening");

async function endWithSupervisor(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}

function rssBytes(): number {
  return Number(values["rss-mb"] ?? 50) * 1_048_576;
}
