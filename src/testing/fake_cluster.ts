/** Runs the real supervisor over fake nodes, as a process of its own. Arguments: port, instances, then the nodes'. */
import { runCluster, startArgs } from "../cluster/mod.ts";
import { fileURLToPath } from "node:url";

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
  nodeCommand: (launch) => ({
    program: Deno.execPath(),
    args: ["run", "--no-lock", "--allow-net", "--allow-env", program, ...startArgs(launch)],
    env: {
      SHOAL_SUPERVISED: "1",
      SHOAL_HUB_ADDRESS: launch.hub?.address,
      SHOAL_HUB_SECRET: launch.hub?.secret,
    },
  }),
  startHub: () => Promise.resolve({ port: 1, close: () => Promise.resolve() }),
});
Deno.exit(code);
