/** `perf plan --check`: the model held against clusters that really run, by what their nodes say at /metrics. */
import type { PerfWorld } from "../measure.ts";
import { seededRandom } from "../engine/seed.ts";
import { startCluster } from "../targets/started_server.ts";
import type { Target } from "../targets/target.ts";
import { CheckClient } from "./check_client.ts";
import { type ClusterModel, type ModelNumbers, simulate } from "./simulation.ts";
import { Zipf } from "./zipf.ts";

/** What is checked: the same use on clusters of several sizes. */
export interface CheckRequest {
  readonly sizes: readonly number[];
  readonly redis: string;
  readonly use: Omit<ClusterModel, "nodes" | "churnPerSec">;
  readonly publications: number;
  readonly payloadBytes: number;
  readonly seed: number;
}

/** One size, predicted and measured. */
export interface CheckRow {
  readonly nodes: number;
  readonly predicted: ModelNumbers;
  readonly nodesTouched: number;
  readonly deliveries: number;
  /** To and from Redis over all nodes, for each publication, an idle second's share taken out. */
  readonly commands: number;
  readonly bytesToRedis: number;
  readonly bytesFromRedis: number;
}

/** Publications under way at any time. */
const WINDOW = 50;
const IDLE_MS = 2_000;
const SETTLE_MS = 1_500;
/** Clients that connect together. */
const BATCH = 40;

/** Checks size after size; ends early with the world. Rejects when a cluster does not start. */
export async function checkModel(request: CheckRequest, world: PerfWorld): Promise<readonly CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const nodes of request.sizes) {
    if (world.signal.aborted) break;
    world.err.write(`Check of ${nodes} nodes\n`);
    rows.push(await checkSize(nodes, request, world));
  }
  return rows;
}

async function checkSize(nodes: number, request: CheckRequest, world: PerfWorld): Promise<CheckRow> {
  const { redis, seed, use } = request;
  await using cluster = await startCluster({ instances: nodes, redis, signal: world.signal });
  using stack = new DisposableStack();
  const clients = await connectAll(cluster.targets, use.connections, stack);
  const law = new Zipf(use.channels, use.zipf);
  const random = seededRandom(seed + nodes);
  await Promise.all(clients.map((client) => subscribeSome(client, law, use.subscriptions, random)));
  const idle = await idlePerSecond(cluster.targets, world);
  const before = await readAll(cluster.targets);
  const beganMs = world.clock.monotonicMs();
  await publishAll(clients, law, request, random);
  await wait(SETTLE_MS);
  const after = await readAll(cluster.targets);
  const seconds = (world.clock.monotonicMs() - beganMs) / 1_000;
  const spent = (name: keyof Counters) => after[name] - before[name];
  const each = (name: keyof Counters) =>
    Math.max(0, spent(name) - idle[name] * seconds) / request.publications;
  return {
    nodes,
    predicted: simulate({ nodes, churnPerSec: 0, ...use }, seed),
    nodesTouched: spent("touched") / Math.max(1, spent("counted")),
    deliveries: clients.reduce((sum, client) => sum + client.delivered, 0) / request.publications,
    commands: each("commands"),
    bytesToRedis: each("sent"),
    bytesFromRedis: each("received"),
  };
}

async function connectAll(
  targets: readonly Target[],
  count: number,
  stack: DisposableStack,
): Promise<readonly CheckClient[]> {
  const clients: CheckClient[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    const urls = Array.from({ length: size }, (_, at) => targets[(from + at) % targets.length]?.wsUrl ?? "");
    clients.push(...(await Promise.all(urls.map(CheckClient.connect))).map((client) => stack.use(client)));
  }
  return clients;
}

/** Distinct channels, chosen by the law. */
async function subscribeSome(
  client: CheckClient,
  law: Zipf,
  count: number,
  random: () => number,
): Promise<void> {
  const ranks = new Set<number>();
  while (ranks.size < Math.min(count, law.count)) ranks.add(law.rank(random()));
  await Promise.all([...ranks].map((rank) => client.subscribe(channelOf(rank))));
}

async function publishAll(
  clients: readonly CheckClient[],
  law: Zipf,
  { publications, payloadBytes }: CheckRequest,
  random: () => number,
): Promise<void> {
  const data = "x".repeat(payloadBytes);
  let left = publications;
  const worker = async () => {
    while (left-- > 0) {
      const client = clients[Math.floor(random() * clients.length)];
      await client?.publish(channelOf(law.rank(random())), data);
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

function channelOf(rank: number): string {
  return `plan_${rank}`;
}

/** Sums over all nodes. */
interface Counters {
  readonly counted: number;
  readonly touched: number;
  readonly commands: number;
  readonly sent: number;
  readonly received: number;
}

const NAMES: Readonly<Record<keyof Counters, string>> = {
  counted: "shoal_counted_publications_total",
  touched: "shoal_publication_nodes_total",
  commands: "shoal_backend_commands_total",
  sent: "shoal_backend_sent_bytes_total",
  received: "shoal_backend_received_bytes_total",
};

async function readAll(targets: readonly Target[]): Promise<Counters> {
  const texts = await Promise.all(targets.map(async (target) => {
    const response = await fetch(`${target.httpUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return await response.text();
  }));
  const sum = (name: string) => texts.reduce((total, text) => total + readMetric(text, name), 0);
  return {
    counted: sum(NAMES.counted),
    touched: sum(NAMES.touched),
    commands: sum(NAMES.commands),
    sent: sum(NAMES.sent),
    received: sum(NAMES.received),
  };
}

/** The value of a metric without labels; 0 when it is not there. */
export function readMetric(text: string, name: string): number {
  const line = text.split("\n").find((some) => some.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

async function idlePerSecond(targets: readonly Target[], world: PerfWorld): Promise<Counters> {
  const before = await readAll(targets);
  const beganMs = world.clock.monotonicMs();
  await wait(IDLE_MS);
  const after = await readAll(targets);
  const seconds = (world.clock.monotonicMs() - beganMs) / 1_000;
  const rate = (name: keyof Counters) => (after[name] - before[name]) / seconds;
  return {
    counted: rate("counted"),
    touched: rate("touched"),
    commands: rate("commands"),
    sent: rate("sent"),
    received: rate("received"),
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
