/**
 * Runs the real supervisor over fake nodes, as a process of its own. Arguments: port, instances, then the nodes'; or one
 * of `stop`, `reload`, `scale N`, `status`, each with a port. A reload reads the nodes' arguments from the file
 * `node-args` where there is one, a line each; `fault` in front makes the configuration unusable.
 */
import {
  type ClusterOptions,
  clusterStatus,
  denoNodeCommand,
  reloadCluster,
  runCluster,
  scaleCluster,
  stopCluster,
} from "../cluster/mod.ts";
import { fileURLToPath } from "node:url";

const [first = "0", second = "3", ...nodeArgs] = Deno.args;
const place = { port: Number(second) };
if (first === "stop") Deno.exit(await stopCluster(place));
if (first === "reload") Deno.exit(await reloadCluster(place));
if (first === "scale") Deno.exit(await scaleCluster(place, Number(nodeArgs[0])));
if (first === "status") Deno.exit(await clusterStatus(place, { isJson: nodeArgs[0] === "--json" }));

const program = fileURLToPath(new URL("./fake_node.ts", import.meta.url));
const options: ClusterOptions = {
  instances: Number(second),
  port: Number(first),
  sharedPort: 0,
  host: "127.0.0.1",
  memoryLimitMb: 100,
  nodeArgs,
  isOpenMode: true,
  logFormat: "auto",
};
const code = await runCluster(options, {
  reread: async () => {
    const words = await readWords();
    return words[0] === "fault"
      ? { faults: ["Cannot use it"] }
      : { options: { ...options, nodeArgs: words } };
  },
  seams: {
    // The real command line, flags and all, with another program.
    nodeCommand: (launch) => {
      const command = denoNodeCommand(launch);
      return { ...command, args: command.args.map((arg) => arg.endsWith("/src/main.ts") ? program : arg) };
    },
    startHub: () => Promise.resolve({ port: 1, close: () => Promise.resolve() }),
  },
});
Deno.exit(code);

async function readWords(): Promise<readonly string[]> {
  try {
    return (await Deno.readTextFile("node-args")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return nodeArgs;
    throw error;
  }
}
