/** `shoal cluster` as a child process, for tests of the whole. */
import {
  faultLines,
  NodeAddress,
  type NodeOptions,
  READY_WITHIN_MS,
  root,
  setWords,
  survivors,
  TestProcess,
} from "./processes.ts";
import { neighbours, unusedPort } from "./unused_ports.ts";

/** What a cluster is started with. */
export interface ClusterOptions {
  readonly instances: number;
  /** How many nodes `scale` will add at most. */
  readonly room?: number;
  /** Redis; none is the embedded hub. */
  readonly redisUrl?: string;
  readonly set?: NodeOptions["set"];
  /** Further words of the command line, such as `--nginx`. */
  readonly words?: readonly string[];
  /** Folder of the program; this one by default. */
  readonly tree?: string;
}

/** One `shoal cluster` in a folder of its own, whose nodes are all ready. */
export class ClusterProcess implements AsyncDisposable {
  readonly supervisor: TestProcess;
  /** In the order of ports. */
  readonly nodes: readonly NodeAddress[];
  /** The port that all nodes share. */
  readonly shared: NodeAddress;
  /** Where it was started. */
  readonly directory: string;
  #commandWords: readonly string[] = [];

  private constructor(
    supervisor: TestProcess,
    ports: readonly number[],
    sharedPort: number,
    directory: string,
  ) {
    this.supervisor = supervisor;
    this.nodes = ports.map((port) => new NodeAddress(port));
    this.shared = new NodeAddress(sharedPort);
    this.directory = directory;
  }

  static async start(
    { instances, room = 0, redisUrl, set, words: more = [], tree = root }: ClusterOptions,
  ): Promise<ClusterProcess> {
    const directory = await Deno.makeTempDir({ prefix: "shoal-cluster-" });
    const ports = neighbours(instances + room).slice(0, instances);
    const sharedPort = unusedPort();
    const ownRights = [
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      `--allow-read=${tree},${directory}`,
      `--allow-write=${directory}/.shoal`,
      `--allow-run=${Deno.execPath()},cat`,
    ];
    const words = [
      "--instances",
      String(instances),
      "--port",
      String(ports[0]),
      "--shared-port",
      String(sharedPort),
    ];
    const supervisor = new TestProcess(
      Deno.execPath(),
      ["run", ...ownRights, `${tree}/src/main.ts`, "cluster", ...words, ...more, ...setWords(set)],
      { cwd: directory, env: redisUrl === undefined ? {} : { REDIS_URL: redisUrl } },
    );
    const cluster = new ClusterProcess(supervisor, ports, sharedPort, directory);
    cluster.#commandWords = ["run", ...ownRights, `${tree}/src/main.ts`, "cluster"];
    try {
      await supervisor.matches(/cluster of \d+ nodes? is up/gi, 1, READY_WITHIN_MS);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs `shoal cluster <words>` for it to its end: `reload`, `scale 3`, `status`, ... */
  async command(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
    const args = [...this.#commandWords, ...words];
    await using process = new TestProcess(Deno.execPath(), args, { cwd: this.directory });
    const { code } = await process.end();
    return { code, text: process.text };
  }

  /** Every process of a node that was ever started, in order of their start. */
  get pids(): readonly number[] {
    return Array.from(this.supervisor.text.matchAll(/starting \(pid (\d+)\)/g), (match) => Number(match[1]));
  }

  /** The process that the node on `port` has now. */
  pidOf(port: number): number {
    const starts = [
      ...this.supervisor.text.matchAll(new RegExp(`node ${port} starting \\(pid (\\d+)\\)`, "g")),
    ];
    return Number(starts.at(-1)?.[1]);
  }

  /** See {@linkcode faultLines}. */
  get faults(): readonly string[] {
    return faultLines(this.supervisor.text);
  }

  /** Ends it in order (SIGTERM), and by force where that takes longer than 10 s; leaves no process behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.supervisor.stop("SIGTERM", 10_000);
    } finally {
      for (const pid of await survivors(this.pids)) Deno.kill(pid, "SIGKILL");
      await Deno.remove(this.directory, { recursive: true });
    }
  }
}
