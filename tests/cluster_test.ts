/** The supervisor as a process, over nodes that are processes: what it keeps running and what it leaves behind. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isAlive, pause, survivors, TestProcess, until } from "../src/testing/processes.ts";

const PROGRAM = fileURLToPath(new URL("../src/testing/fake_cluster.ts", import.meta.url));

interface Output {
  readonly code: number;
  readonly text: string;
}

/** The words that start the supervisor of fake nodes. */
function wordsOf(args: readonly string[]): readonly string[] {
  return ["run", "--no-lock", "-A", PROGRAM, ...args];
}

function started(args: readonly string[], directory: string): TestProcess {
  return new TestProcess(Deno.execPath(), wordsOf(args), { cwd: directory });
}

/** Its exit code and whole output. */
async function endOf(process: TestProcess): Promise<Output> {
  const { code } = await process.end();
  return { code, text: process.text };
}

async function runToEnd(args: readonly string[], directory: string): Promise<Output> {
  await using process = started(args, directory);
  return await endOf(process);
}

/** A cluster in a folder of its own whose nodes are all ready. */
class TestCluster implements AsyncDisposable {
  readonly #running: TestProcess;
  readonly directory: string;
  ports: readonly number[] = [];
  pids: readonly number[] = [];

  private constructor(running: TestProcess, directory: string) {
    this.#running = running;
    this.directory = directory;
  }

  static async start(instances: number, ...nodeArgs: readonly string[]): Promise<TestCluster> {
    const directory = await Deno.makeTempDir();
    const args = ["0", String(instances), ...nodeArgs];
    const cluster = new TestCluster(started(args, directory), directory);
    await cluster.#readied(instances);
    return cluster;
  }

  async #readied(instances: number): Promise<void> {
    const starts = await this.#running.matches(/node (\d+) starting \(pid (\d+)\)/g, instances);
    await this.#running.matches(/nodes? is up/g, 1);
    this.ports = starts.map((match) => Number(match[1]));
    this.pids = starts.map((match) => Number(match[2]));
  }

  get running(): TestProcess {
    return this.#running;
  }

  get port(): number {
    return this.ports[0] ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    await until("all nodes are gone", () => allGone(this.pids));
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Processes of all nodes that a supervisor with this output has started. */
function startedPids(text: string): readonly number[] {
  return Array.from(text.matchAll(/starting \(pid (\d+)\)/g), (match) => Number(match[1]));
}

async function allGone(pids: readonly number[]): Promise<boolean> {
  return (await survivors(pids)).length === 0;
}

/** The supervisor that left its file in `directory`. */
async function supervisorOf(directory: string): Promise<number> {
  const [file] = await Array.fromAsync(Deno.readDir(`${directory}/.shoal`));
  const { pid } = JSON.parse(await Deno.readTextFile(`${directory}/.shoal/${file?.name}`));
  return Number(pid);
}

function killedAtEnd(pid: number): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      if (await isAlive(pid)) Deno.kill(pid, "SIGKILL");
    },
  };
}

Deno.test("runCluster() starts three nodes and tells them where the hub is", async () => {
  await using cluster = await TestCluster.start(3);
  assert.equal(new Set(cluster.ports).size, 3);
  const response = await fetch(`http://127.0.0.1:${cluster.port}/environment`);
  assert.deepEqual(await response.json(), { hub: "127.0.0.1:1", hasSecret: true });
  const { mode } = await Deno.stat(`${cluster.directory}/.shoal/cluster-${cluster.port}.json`);
  assert.equal((mode ?? 0) & 0o777, 0o600);
});

Deno.test("runCluster() starts a killed node again on its port under a new pid", async () => {
  await using cluster = await TestCluster.start(2);
  const [port, pid] = [cluster.ports[1] ?? 0, cluster.pids[1] ?? 0];
  Deno.kill(pid, "SIGKILL");
  const readies = await cluster.running.matches(new RegExp(`node ${port} ready \\(pid (\\d+)\\)`, "g"), 2);
  assert.notEqual(readies[1]?.[1], String(pid));
  assert.match(cluster.running.text, new RegExp(`node ${port} \\(pid ${pid}\\) was ended by SIGKILL`));
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
  assert.equal((await response.json()).status, "ok");
  cluster.pids = [...cluster.pids, Number(readies[1]?.[1])];
});

Deno.test("runCluster() gives up with the node's last words when it crashes in a loop", async () => {
  const directory = await Deno.makeTempDir();
  const { code, text } = await runToEnd(["0", "1", "--crash"], directory);
  assert.equal(code, 1);
  assert.match(
    text,
    /5 crashes within 60 s, given up; the last it wrote:\nshoal \| {3}boom: told to crash/,
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("runCluster() replaces a node that is over its memory limit", async () => {
  await using cluster = await TestCluster.start(1, "--rss-mb", "200");
  const readies = await cluster.running.matches(/ready \(pid (\d+)\)/g, 2);
  assert.match(cluster.running.text, /uses 200 MB, which is over --memory-limit/);
  cluster.pids = [...cluster.pids, Number(readies[1]?.[1])];
});

Deno.test("runCluster() waits for a node that answers but is not ready, and tells its cause", async () => {
  const directory = await Deno.makeTempDir();
  await using running = started(["0", "1", "--never-ready"], directory);
  await running.matches(/node \d+ waits: no Redis/g, 1);
  running.signal("SIGTERM");
  assert.equal((await endOf(running)).code, 0);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("runCluster() says which port is taken, by a foreign listener with reusePort too", async () => {
  const directory = await Deno.makeTempDir();
  using foreign = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const { port } = foreign.addr;
  const { code, text } = await runToEnd([String(port), "1"], directory);
  assert.equal(code, 1);
  assert.match(
    text,
    new RegExp(`Cannot listen on 127.0.0.1 port ${port} \\(node 1 of 1\\): another program has it`),
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("runCluster() names the running cluster when its port is wanted again", async () => {
  await using cluster = await TestCluster.start(1);
  const { code, text } = await runToEnd([String(cluster.port), "1"], cluster.directory);
  assert.equal(code, 1);
  assert.match(
    text,
    new RegExp(`\\(pid ${cluster.running.pid}\\): end it with .deno task cluster stop`),
  );
});

Deno.test("runCluster() drains all nodes on SIGINT, also when it arrives twice at once", async () => {
  await using cluster = await TestCluster.start(2);
  cluster.running.signal("SIGINT");
  cluster.running.signal("SIGTERM");
  const { code, text } = await endOf(cluster.running);
  assert.equal(code, 0);
  assert.equal([...text.matchAll(/node \d+ ended\n/g)].length, 2);
  assert.equal(await allGone(cluster.pids), true);
});

Deno.test("runCluster() reloads on SIGHUP without a terminal, and ends on SIGTERM in the middle of it", async () => {
  await using cluster = await TestCluster.start(2);
  const { running } = cluster;
  running.signal("SIGHUP");
  await running.matches(/1 of 2: node \d+ replaced/g, 1);
  running.signal("SIGTERM");
  assert.equal((await endOf(running)).code, 0);
  assert.match(running.text, /Reload stopped at node \d+: the cluster is ending/);
  assert.equal(await allGone(startedPids(running.text)), true);
});

Deno.test("runCluster() ends on SIGHUP when it was started from a terminal", async () => {
  const directory = await Deno.makeTempDir();
  const line = `NO_COLOR=1 exec "${Deno.execPath()}" run --no-lock -A "${PROGRAM}" 0 1`;
  await using terminal = new TestProcess("script", ["-qefc", line, "/dev/null"], { cwd: directory });
  await terminal.matches(/1 node is up/g, 1);
  const pid = await supervisorOf(directory);
  await using _ = killedAtEnd(pid);
  Deno.kill(pid, "SIGHUP");
  await until("the cluster has ended", async () => !await isAlive(pid), 5_000);
  assert.equal(await allGone(startedPids(terminal.text)), true);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("reloadCluster() replaces every node beside the old one, with new arguments", async () => {
  await using cluster = await TestCluster.start(2);
  await Deno.writeTextFile(`${cluster.directory}/node-args`, "--rss-mb\n77\n");
  const { code, text } = await runToEnd(["reload", String(cluster.port)], cluster.directory);
  assert.equal(code, 0, text);
  assert.match(text, /^Reload: replacing 2 nodes.*\n1 of 2: node \d+ replaced\n2 of 2: .*\nReload done\n$/);
  assert.equal(await allGone(cluster.pids), true);
  await cluster.running.matches(/Reload done/g, 1);
  // The successor was ready before its predecessor had to go.
  for (const port of cluster.ports) {
    // Not "ready again": a node may have been too slow for a look.
    const steps = cluster.running.text.matchAll(
      new RegExp(`node ${port} (starting|ready|draining|ended)(?! again)`, "g"),
    );
    const order = Array.from(steps, ([, step]) => step);
    assert.deepEqual(order.slice(0, 6), ["starting", "ready", "starting", "ready", "draining", "ended"]);
  }
  const { node } = await (await fetch(`http://127.0.0.1:${cluster.port}/stats`)).json();
  assert.equal(node.rss_bytes, 77 * 1_048_576);
  cluster.pids = startedPids(cluster.running.text);
});

Deno.test("reloadCluster() stops at a node that crashes, and the old ones keep running", async () => {
  await using cluster = await TestCluster.start(2);
  await Deno.writeTextFile(`${cluster.directory}/node-args`, "--crash\n");
  const { code, text } = await runToEnd(["reload", String(cluster.port)], cluster.directory);
  assert.equal(code, 1);
  assert.match(text, /Reload stopped at node \d+: it ended before it was ready/);
  assert.match(text, /0 of 2 nodes were replaced, the others run as before/);
  await cluster.running.matches(
    /before it was ready; the last it wrote:\nshoal \| {3}boom: told to crash/g,
    1,
  );
  assert.equal((await survivors(cluster.pids)).length, 2);
  const status = await runToEnd(["status", String(cluster.port)], cluster.directory);
  assert.equal(status.code, 0, status.text);
});

Deno.test("reloadCluster() replaces a node that never was ready, for which there is no successor to wait for", async () => {
  const directory = await Deno.makeTempDir();
  await using running = started(["0", "1", "--never-ready"], directory);
  const [start] = await running.matches(/node (\d+) starting/g, 1);
  await Deno.writeTextFile(`${directory}/node-args`, "");
  const { code, text } = await runToEnd(["reload", start?.[1] ?? ""], directory);
  assert.equal(code, 0, text);
  await running.matches(/1 node is up/g, 1);
  running.signal("SIGTERM");
  assert.equal((await endOf(running)).code, 0);
  assert.equal(await allGone(startedPids(running.text)), true);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("reloadCluster() changes nothing when the configuration cannot be used", async () => {
  await using cluster = await TestCluster.start(1);
  await Deno.writeTextFile(`${cluster.directory}/node-args`, "fault\n");
  const { code, text } = await runToEnd(["reload", String(cluster.port)], cluster.directory);
  assert.equal(code, 1);
  assert.match(text, /^Cannot reload: the configuration cannot be used.*\n {2}Cannot use it\n$/);
  assert.deepEqual(startedPids(cluster.running.text), cluster.pids);
});

Deno.test("reloadCluster() is refused while another is under way", async () => {
  await using cluster = await TestCluster.start(2);
  const first = runToEnd(["reload", String(cluster.port)], cluster.directory);
  await cluster.running.matches(/Reload: replacing/g, 1);
  cluster.running.signal("SIGHUP");
  await cluster.running.matches(/Cannot start a reload: a reload is under way/g, 1);
  assert.equal((await first).code, 0);
  cluster.pids = startedPids(cluster.running.text);
  assert.equal(cluster.pids.length, 4);
});

Deno.test("scaleCluster() adds nodes and drains the last ones", async () => {
  await using cluster = await TestCluster.start(1);
  const more = await runToEnd(["scale", String(cluster.port), "2"], cluster.directory);
  assert.deepEqual([more.code, /serves, 2 of 2/.test(more.text)], [0, true], more.text);
  const fewer = await runToEnd(["scale", String(cluster.port), "1"], cluster.directory);
  assert.deepEqual([fewer.code, /has left, 1 node left/.test(fewer.text)], [0, true], fewer.text);
  const status = await runToEnd(["status", String(cluster.port), "--json"], cluster.directory);
  const { nodes } = JSON.parse(status.text);
  assert.deepEqual(nodes.map(({ pid, port }: { pid: number; port: number }) => [pid, port]), [
    [cluster.pids[0], cluster.port],
  ]);
  assert.equal((await survivors(startedPids(cluster.running.text))).length, 1);
});

Deno.test("runCluster() kills nodes that do not end when a second signal comes later", async () => {
  await using cluster = await TestCluster.start(1, "--deaf");
  cluster.running.signal("SIGTERM");
  await cluster.running.matches(/draining/g, 1);
  await pause(1_100); // a second signal that comes sooner counts as the first
  cluster.running.signal("SIGTERM");
  const { code, text } = await endOf(cluster.running);
  assert.equal(code, 1);
  assert.match(text, /second SIGTERM: killing all nodes/);
  assert.equal(await allGone(cluster.pids), true);
});

Deno.test("runCluster() leaves no node behind when it is killed, and its file does not stop the next", async () => {
  await using cluster = await TestCluster.start(2, "--deaf");
  cluster.running.signal("SIGKILL");
  await until("nodes of a killed supervisor are gone", () => allGone(cluster.pids), 3_000);
  const stopped = await runToEnd(["stop", String(cluster.port)], cluster.directory);
  assert.equal(stopped.code, 1);
  assert.match(stopped.text, /its supervisor \(pid \d+\) is gone/);
  await using next = started([String(cluster.port), "1"], cluster.directory);
  await next.matches(/1 node is up/g, 1);
  next.signal("SIGTERM");
  assert.equal((await endOf(next)).code, 0);
});

Deno.test("runCluster() ends when the task that started it is killed", async () => {
  const directory = await Deno.makeTempDir();
  const line = `"${Deno.execPath()}" run --no-lock -A "${PROGRAM}" 0 1; true`;
  const env = { SHOAL_WATCH_PARENT: "1" };
  await using task = new TestProcess("sh", ["-c", line], { cwd: directory, env });
  const [start] = await task.matches(/starting \(pid (\d+)\)/g, 1);
  await task.matches(/1 node is up/g, 1);
  await using _ = killedAtEnd(await supervisorOf(directory));
  task.signal("SIGKILL");
  await task.matches(/the task runner is gone: ending all nodes/g, 1);
  await until("the node is gone", () => allGone([Number(start?.[1])]));
  await endOf(task);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("stopCluster() ends a running cluster and waits for it", async () => {
  await using cluster = await TestCluster.start(2);
  const { code, text } = await runToEnd(["stop", String(cluster.port)], cluster.directory);
  assert.equal(code, 0);
  assert.match(text, /2 of 2 nodes ended\nThe cluster on port \d+ has ended\n$/);
  assert.equal(await allGone(cluster.pids), true);
  assert.equal((await endOf(cluster.running)).code, 0);
  assert.deepEqual([...Deno.readDirSync(`${cluster.directory}/.shoal`)], []);
});

Deno.test("stopCluster() says so when nothing runs, and what else does", async () => {
  await using cluster = await TestCluster.start(1);
  const { code, text } = await runToEnd(["stop", "1"], cluster.directory);
  assert.equal(code, 1);
  assert.match(text, /No cluster runs on port 1: there is no .*cluster-1\.json/);
  assert.match(text, new RegExp(`Known in this folder: ${cluster.port}\\.`));
});

Deno.test("stopCluster() does not tell its secret to a stranger on the port of a dead supervisor", async () => {
  const directory = await Deno.makeTempDir();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { port: 8080, pid: 1, controlPort: listener.addr.port, secret: "not for strangers" };
  await Deno.mkdir(`${directory}/.shoal`);
  await Deno.writeTextFile(`${directory}/.shoal/cluster-8080.json`, JSON.stringify(address));
  const stopping = runToEnd(["stop", "8080"], directory);
  const stranger = await listener.accept();
  await stranger.write(new TextEncoder().encode('{"shoal":"cluster","pid":2}\n'));
  assert.equal(await new Response(stranger.readable).text(), "");
  const { code, text } = await stopping;
  assert.equal(code, 1);
  assert.match(text, /its supervisor \(pid 1\) is gone/);
  await Deno.remove(directory, { recursive: true });
});
