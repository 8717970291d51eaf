import assert from "node:assert/strict";
import { type ChangeParts, Changes } from "./changes.ts";
import { defaultPolicy } from "./lifecycle.ts";
import type { ManagedNodeOptions } from "./node.ts";
import type { ClusterOptions } from "./options.ts";

const options: ClusterOptions = {
  instances: 3,
  port: 8080,
  sharedPort: 0,
  host: "127.0.0.1",
  memoryLimitMb: 0,
  nodeArgs: ["old"],
  isOpenMode: true,
  logFormat: "auto",
};

/** A cluster on `ports` that notes what is done to it; a node on `bad` does not become ready. */
function fakeCluster({ ports = [8080, 8081, 8082], bad = 0, unready = 0 } = {}) {
  const done: string[] = [];
  const state = { ports: [...ports], isEnding: false };
  const start = (how: string) => ({ port, command }: ManagedNodeOptions) => {
    done.push(`${how} ${port} ${command.args.join()}`);
    if (port === bad) return Promise.resolve("it was not ready");
    if (!state.ports.includes(port)) state.ports.push(port);
    return Promise.resolve(undefined);
  };
  const cluster = {
    get ports() {
      return state.ports;
    },
    get isEnding() {
      return state.isEnding;
    },
    serves: (port: number) => port !== unready,
    take: start("take"),
    renew: start("renew"),
    dismiss: (port: number) => {
      done.push(`dismiss ${port}`);
      state.ports = state.ports.filter((other) => other !== port);
      return Promise.resolve();
    },
  };
  return { cluster, done, state };
}

function changesOf(cluster: ChangeParts["cluster"], more: Partial<ChangeParts> = {}) {
  const told: string[] = [];
  const changes = new Changes({
    cluster,
    options,
    reread: () => Promise.resolve({ options: { ...options, nodeArgs: ["new"] } }),
    nodeOptions: ({ nodeArgs, host }, port) => ({
      host,
      port,
      base: "",
      command: { program: "", args: nodeArgs, env: {} },
      policy: defaultPolicy,
      memoryLimitMb: 0,
    }),
    morePorts: (last, count) => Array.from({ length: count }, (_, at) => last + 1 + at),
    say: () => {},
    ...more,
  });
  return { changes, told, tell: (text: string) => void told.push(text) };
}

Deno.test("Changes.reload() replaces each node in turn, and puts one that does not serve anew", async () => {
  const { cluster, done } = fakeCluster({ unready: 8081 });
  const { changes, tell } = changesOf(cluster);
  assert.equal(await changes.reload(tell), true);
  assert.deepEqual(done, ["take 8080 new", "renew 8081 new", "take 8082 new"]);
});

Deno.test("Changes.reload() stops at the first node that does not become ready", async () => {
  const { cluster, done } = fakeCluster({ bad: 8081 });
  const { changes, told, tell } = changesOf(cluster);
  assert.equal(await changes.reload(tell), false);
  assert.deepEqual(done, ["take 8080 new", "take 8081 new"]);
  assert.match(told.at(-2) ?? "", /^Reload stopped at node 8081: it was not ready$/);
  assert.match(told.at(-1) ?? "", /^1 of 3 nodes were replaced/);
});

Deno.test("Changes.reload() touches no node when the configuration cannot be used", async () => {
  const { cluster, done } = fakeCluster();
  const { changes, told, tell } = changesOf(cluster, {
    reread: () => Promise.resolve({ faults: ["Cannot use port"] }),
  });
  assert.equal(await changes.reload(tell), false);
  assert.deepEqual([done, told.at(-1)], [[], "  Cannot use port"]);
});

Deno.test("Changes takes one change at a time, and none once the cluster ends", async () => {
  const { cluster, done, state } = fakeCluster();
  const { changes, told, tell } = changesOf(cluster);
  const first = changes.reload(() => {});
  assert.equal(await changes.scale(5, tell), false);
  assert.equal(told.at(-1), "Cannot start scaling to 5: a reload is under way, try again when it is done");
  assert.equal(await first, true);
  const count = done.length;
  state.isEnding = true;
  assert.equal(await changes.reload(tell), false);
  assert.equal(told.at(-1), "Cannot start a reload: the cluster is ending");
  assert.equal(done.length, count);
});

Deno.test("Changes.scale() adds after the last port, and takes away from the end", async () => {
  const { cluster, done } = fakeCluster({ ports: [8080] });
  const { changes, tell } = changesOf(cluster);
  assert.equal(await changes.scale(3, tell), true);
  assert.equal(await changes.scale(1, tell), true);
  assert.deepEqual(done, ["take 8081 old", "take 8082 old", "dismiss 8082", "dismiss 8081"]);
});

Deno.test("Changes.scale() says why it cannot, and how many run", async () => {
  const { cluster, done } = fakeCluster({ ports: [8080], bad: 8082 });
  const { changes, told, tell } = changesOf(cluster, {});
  assert.equal(await changes.scale(0, tell), false);
  assert.equal(told.at(-1), "Cannot scale to 0: want a whole number from 1 to 64");
  assert.equal(await changes.scale(4, tell), false);
  assert.equal(told.at(-1), "Scaling stopped at node 8082: it was not ready; 2 nodes run");
  assert.deepEqual(done, ["take 8081 old", "take 8082 old"]);
});
