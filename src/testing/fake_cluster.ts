/**
 * Runs the real supervisor over fake nodes, as a process of its own. Arguments: port, instances, then the nodes'; or
 * `stop` and a port.
 */
import { denoNodeCommand, runCluster, stopCluster } from "../cluster/mod.ts";
import { fileURLToPath } from "node:url";

if (Deno.args[0] === "stop") Deno.exit(await stopCluster({ port: Number(Deno.args[1]) }));

const [port = "0", instances = "3", ...nodeArgs] = Deno.args;
const program = fileURLToPath(new URL("./fake_node.ts", import.meta.url));
const options = {
  instances: Number(instances),
  port: Number(port),
  sharedPort: 0,
  host: "127.0.0.1",
  memoryLimitMb: 100,
  nodeArgs,
  isOpenMode: true,
};
const code = await runCluster(options, {
  // The real command line, flags and all, with another program.
  nodeCommand: (launch) => {
    const command = denoNodeCommand(launch);
    return { ...command, args: command.args.map((arg) => arg.endsWith("/src/main.ts") ? program : arg) };
  },
  startHub: () => Promise.resolve({ port: 1, close: () => Promise.resolve() }),
});
Deno.exit(code);
