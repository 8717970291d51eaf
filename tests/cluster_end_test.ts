/** The end of a cluster in the middle of a change. */
import assert from "node:assert/strict";
import { Cluster } from "../src/cluster/cluster.ts";
import { defaultPolicy } from "../src/cluster/lifecycle.ts";
import type { ManagedNodeOptions } from "../src/cluster/node.ts";
import { Screen } from "../src/cluster/screen.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";
import { inTime } from "../src/testing/waiting.ts";

/** A process that never answers and has to be killed. */
function deafNode(port: number): ManagedNodeOptions {
  return {
    host: "127.0.0.1",
    port,
    base: `http://127.0.0.1:${port}`,
    command: { program: "sh", args: ["-c", 'trap "" TERM; exec sleep 60'], env: {} },
    policy: { ...defaultPolicy, drainWithinMs: 300 },
    memoryLimitMb: 0,
  };
}

function clusterOf(port: number): Cluster {
  const screen = new Screen({
    write: (bytes) => Promise.resolve(bytes.length),
    size: () => undefined,
    hasColour: false,
  });
  return new Cluster({ nodes: [deafNode(port)], screen, banner: "", onLeft() {} });
}

for (const change of ["take", "renew"] as const) {
  Deno.test(`Cluster ends in order when it is told to during ${change}()`, async () => {
    const port = unusedPort();
    const cluster = clusterOf(port);
    const ended = cluster.run();
    // Beside the member; or in its place, and not started before that has ended.
    const changed = cluster[change](deafNode(change === "take" ? unusedPort() : port));
    cluster.end("SIGTERM");
    assert.equal(await inTime("the change", changed), "the cluster is ending");
    assert.equal(await inTime("the end of the cluster", ended), 0);
  });
}
