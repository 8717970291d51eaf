/** The supervisor as a process, over nodes that are processes: what it keeps running and what it leaves behind. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../src/testing/fake_cluster.ts", import.meta.url));
const WITHIN_MS = 10_000;

interface Output {
  readonly code: number;
  readonly text: string;
}

function command(args: readonly string[], directory: string, env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "-A", PROGRAM, ...args],
    cwd: directory,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function runToEnd(args: readonly string[], directory: string): Promise<Output> {
  const { code, stdout, stderr } = await command(args, directory).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** A running process whose output can be waited for. */
class Running implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  text = "";
  #waiting: () => void = () => {};
  readonly #reading: Promise<unknown>;

  constructor(child: Deno.ChildProcess) {
    this.child = child;
    this.#reading = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      this.#waiting();
    }
  }

  /** All matches of `pattern` once there are `count`. */
  async matches(pattern: RegExp, count: number): Promise<readonly RegExpMatchArray[]> {
    const deadlineMs = performance.now() + WITHIN_MS;
    for (;;) {
      const found = [...this.text.matchAll(pattern)];
      if (found.length >= count) return found;
      const leftMs = deadlineMs - performance.now();
      assert.ok(leftMs > 0, `Waited for ${count} of ${pattern}, got ${found.length} in:\n${this.text}`);
      await this.#nextOutput(leftMs);
    }
  }

  #nextOutput(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Its exit code and whole output. */
  async ended(): Promise<Output> {
    const { code } = await this.child.status;
    await this.#reading;
    return { code, text: this.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (await isAlive(this.child.pid)) this.child.kill("SIGKILL");
    await this.ended();
  }
}

/** A cluster in a folder of its own whose nodes are all ready. */
class TestCluster implements AsyncDisposable {
  readonly #running: Running;
  readonly directory: string;
  ports: readonly number[] = [];
  pids: readonly number[] = [];

  private constructor(running: Running, directory: string) {
    this.#running = running;
    this.directory = directory;
  }

  static async start(instances: number, ...nodeArgs: readonly string[]): Promise<TestCluster> {
    const directory = await Deno.makeTempDir();
    const args = ["0", String(instances), ...nodeArgs];
    const cluster = new TestCluster(new Running(command(args, directory).spawn()), directory);
    await cluster.#readied(instances);
    return cluster;
  }

  async #readied(instances: number): Promise<void> {
    const started = await this.#running.matches(/node (\d+) starting \(pid (\d+)\)/g, instances);
    await this.#running.matches(/nodes? is up/g, 1);
    this.ports = started.map((match) => Number(match[1]));
    this.pids = started.map((match) => Number(match[2]));
  }

  get running(): Running {
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

/** True while a process runs; one that nobody has fetched yet (state Z) does not. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`], stderr: "null" }).output();
  const state = /\) (\w) /.exec(new TextDecoder().decode(stdout))?.[1];
  return state !== undefined && state !== "Z";
}

/** Processes of all nodes that a supervisor with this output has started. */
function startedPids(text: string): readonly number[] {
  return Array.from(text.matchAll(/starting \(pid (\d+)\)/g), (match) => Number(match[1]));
}

async function survivorCount(pids: readonly number[]): Promise<number> {
  const alive = await Promise.all(pids.map(isAlive));
  return alive.filter((isOne) => isOne).length;
}

async function allGone(pids: readonly number[]): Promise<boolean> {
  const alive = await Promise.all(pids.map(isAlive));
  return !alive.includes(true);
}

/** Waits for a fact about foreign processes, which send no event. */
async function until(what: string, isTrue: () => Promise<boolean>, withinMs = 3_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!await isTrue()) {
    assert.ok(performance.now() < deadlineMs, `Waited ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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
  await using running = new Running(command(["0", "1", "--never-ready"], directory).spawn());
  await running.matches(/node \d+ waits: no Redis/g, 1);
  running.child.kill("SIGTERM");
  assert.equal((await running.ended()).code, 0);
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
    new RegExp(`\\(pid ${cluster.running.child.pid}\\): end it with .deno task cluster stop`),
  );
});

Deno.test("runCluster() drains all nodes on SIGINT, also when it arrives twice at once", async () => {
  await using cluster = await TestCluster.start(2);
  cluster.running.child.kill("SIGINT");
  cluster.running.child.kill("SIGTERM");
  const { code, text } = await cluster.running.ended();
  assert.equal(code, 0);
  assert.equal([...text.matchAll(/node \d+ ended\n/g)].length, 2);
  assert.equal(await allGone(cluster.pids), true);
});

Deno.test("runCluster() reloads on SIGHUP without a terminal, and ends on SIGTERM in the middle of it", async () => {
  await using cluster = await TestCluster.start(2);
  const { running } = cluster;
  running.child.kill("SIGHUP");
  await running.matches(/1 of 2: node \d+ replaced/g, 1);
  running.child.kill("SIGTERM");
  assert.equal((await running.ended()).code, 0);
  assert.match(running.text, /Reload stopped at node \d+: the cluster is ending/);
  assert.equal(await allGone(startedPids(running.text)), true);
});

Deno.test("runCluster() ends on SIGHUP when it was started from a terminal", async () => {
  const directory = await Deno.makeTempDir();
  const line = `NO_COLOR=1 exec "${Deno.execPath()}" run --no-lock -A "${PROGRAM}" 0 1`;
  await using terminal = new Running(
    new Deno.Command("script", {
      args: ["-qefc", line, "/dev/null"],
      cwd: directory,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
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
    const lines = cluster.running.text.split("\n").filter((line) => line.includes(`node ${port} `));
    const order = lines.map((line) => / (starting|ready|draining|ended)/.exec(line)?.[1]);
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
  assert.equal(await survivorCount(cluster.pids), 2);
  const status = await runToEnd(["status", String(cluster.port)], cluster.directory);
  assert.equal(status.code, 0, status.text);
});

Deno.test("reloadCluster() replaces a node that never was ready, for which there is no successor to wait for", async () => {
  const directory = await Deno.makeTempDir();
  await using running = new Running(command(["0", "1", "--never-ready"], directory).spawn());
  const [started] = await running.matches(/node (\d+) starting/g, 1);
  await Deno.writeTextFile(`${directory}/node-args`, "");
  const { code, text } = await runToEnd(["reload", started?.[1] ?? ""], directory);
  assert.equal(code, 0, text);
  await running.matches(/1 node is up/g, 1);
  running.child.kill("SIGTERM");
  assert.equal((await running.ended()).code, 0);
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
  cluster.running.child.kill("SIGHUP");
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
  assert.equal(await survivorCount(startedPids(cluster.running.text)), 1);
});

Deno.test("runCluster() kills nodes that do not end when a second signal comes later", async () => {
  await using cluster = await TestCluster.start(1, "--deaf");
  cluster.running.child.kill("SIGTERM");
  await cluster.running.matches(/draining/g, 1);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  cluster.running.child.kill("SIGTERM");
  const { code, text } = await cluster.running.ended();
  assert.equal(code, 1);
  assert.match(text, /second SIGTERM: killing all nodes/);
  assert.equal(await allGone(cluster.pids), true);
});

Deno.test("runCluster() leaves no node behind when it is killed, and its file does not stop the next", async () => {
  await using cluster = await TestCluster.start(2, "--deaf");
  cluster.running.child.kill("SIGKILL");
  await until("nodes of a killed supervisor are gone", () => allGone(cluster.pids), 3_000);
  const stopped = await runToEnd(["stop", String(cluster.port)], cluster.directory);
  assert.equal(stopped.code, 1);
  assert.match(stopped.text, /its supervisor \(pid \d+\) is gone/);
  await using next = new Running(command([String(cluster.port), "1"], cluster.directory).spawn());
  await next.matches(/1 node is up/g, 1);
  next.child.kill("SIGTERM");
  assert.equal((await next.ended()).code, 0);
});

Deno.test("runCluster() ends when the task that started it is killed", async () => {
  const directory = await Deno.makeTempDir();
  const line = `"${Deno.execPath()}" run --no-lock -A "${PROGRAM}" 0 1; true`;
  await using task = new Running(
    new Deno.Command("sh", {
      args: ["-c", line],
      cwd: directory,
      env: { SHOAL_WATCH_PARENT: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
  const [started] = await task.matches(/starting \(pid (\d+)\)/g, 1);
  await task.matches(/1 node is up/g, 1);
  await using _ = killedAtEnd(await supervisorOf(directory));
  task.child.kill("SIGKILL");
  await task.matches(/the task runner is gone: ending all nodes/g, 1);
  await until("the node is gone", () => allGone([Number(started?.[1])]));
  await task.ended();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("stopCluster() ends a running cluster and waits for it", async () => {
  await using cluster = await TestCluster.start(2);
  const { code, text } = await runToEnd(["stop", String(cluster.port)], cluster.directory);
  assert.equal(code, 0);
  assert.match(text, /2 of 2 nodes ended\nThe cluster on port \d+ has ended\n$/);
  assert.equal(await allGone(cluster.pids), true);
  assert.equal((await cluster.running.ended()).code, 0);
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
