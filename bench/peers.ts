/**
 * Shoal beside its peers: runs `peers_bench.py` several times, in turn, and prints the medians as a Markdown table.
 *
 *     deno run --allow-env --allow-run=python3 bench/peers.ts PEERS_BENCH [--rounds 5] [--transport tcp|streams]
 *         [--only "fan2 at 6400/s"]
 *
 * PEERS_BENCH is the path of `peers_bench.py`, whose peers are installed (`peers/setup.sh ws bun`) and whose load
 * generator is built (`make -C wsload`). Needs redis-server and `deno` on PATH.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Case {
  readonly test: string;
  readonly rate?: number;
  readonly peer: string;
}

interface Row {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly kbPerConnection: number;
  readonly gaps: number;
}

const cases: Readonly<Record<string, readonly Case[]>> = {
  tcp: [
    { test: "echo", peer: "ws" },
    { test: "chat", peer: "ws" },
    { test: "fan2", rate: 200, peer: "ws" },
    { test: "fan2", rate: 1600, peer: "bun" },
    { test: "fan2", rate: 6400, peer: "bun" },
    { test: "idle", peer: "ws" },
  ],
  streams: [{ test: "echo", peer: "ws" }, { test: "chat", peer: "ws" }, {
    test: "fan2",
    rate: 200,
    peer: "ws",
  }],
};

const repo = fileURLToPath(new URL("..", import.meta.url));
const decoder = new TextDecoder();

async function measure(script: string, { test, rate }: Case, name: string, transport: string): Promise<Row> {
  const env = {
    CMD_ours:
      `cd '${repo}' && SHOAL_TRANSPORT=${transport} exec deno task start --port PORT_ --redis $REDIS_URL`,
    ...(rate === undefined ? {} : { RATE: String(rate) }),
  };
  const output = await new Deno.Command("python3", { args: [script, test, name], env }).output();
  const text = decoder.decode(output.stdout);
  if (!output.success) throw new Error(`${test} ${name} failed: ${text}${decoder.decode(output.stderr)}`);
  return parseRow(text);
}

function parseRow(text: string): Row {
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? NaN);
  return {
    perSecond: number(/(?:recv\s+|^echo\s+\S+\s+)(\d+)/),
    cpuUs: number(/([\d.]+) us cpu\/(?:msg|delivery)/),
    p50Us: number(/p50\s+(\d+)/),
    p99Us: number(/p99\s+(\d+)/),
    kbPerConnection: number(/([\d.]+) KB\/conn/),
    gaps: number(/gaps (\d+)/),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function show(value: number, digits = 2): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}

function nameOf({ test, rate }: Case): string {
  return rate === undefined ? test : `${test} at ${rate}/s`;
}

/** A table row: the peer's median, ours, and of the ratios of each round the median, the least and the greatest. */
function tableRow(
  entry: Case,
  unit: string,
  pairs: readonly { readonly peer: Row; readonly ours: Row }[],
  field: keyof Row,
): string {
  const peer = median(pairs.map((pair) => pair.peer[field]));
  const ours = median(pairs.map((pair) => pair.ours[field]));
  const ratios = pairs.map((pair) => pair.ours[field] / pair.peer[field]);
  const range = `${show(Math.min(...ratios))}-${show(Math.max(...ratios))}`;
  return `| ${nameOf(entry)} | ${unit} | ${entry.peer} | ${show(peer)} | ${show(ours)} | ${
    show(median(ratios))
  } | ${range} |`;
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    transport: { type: "string", default: "tcp" },
    only: { type: "string" },
  },
});
const [script] = positionals;
const chosen = cases[values.transport]?.filter((entry) => [undefined, nameOf(entry)].includes(values.only));
if (script === undefined || chosen === undefined || chosen.length === 0) {
  const names = Object.values(cases).flat().map(nameOf);
  console.error("Usage: bench/peers.ts PEERS_BENCH [--rounds 5] [--transport tcp|streams] [--only NAME]");
  console.error(`NAME is one of: ${[...new Set(names)].join(", ")}`);
  Deno.exit(2);
}

const results = chosen.map(() => [] as { peer: Row; ours: Row }[]);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [at, entry] of chosen.entries()) {
    const peer = await measure(script, entry, entry.peer, values.transport);
    const ours = await measure(script, entry, "ours", values.transport);
    results[at]?.push({ peer, ours });
    console.error(JSON.stringify({ round, ...entry, peer, ours, peerName: entry.peer }));
  }
}
console.log(
  `| test | figure | peer | its median | ours (${values.transport}) | median of the rounds' ratios | from-to |`,
);
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const [at, entry] of chosen.entries()) {
  const pairs = results[at] ?? [];
  if (entry.test === "idle") {
    console.log(tableRow(entry, "KB a connection", pairs, "kbPerConnection"));
    continue;
  }
  console.log(tableRow(entry, entry.test === "echo" ? "messages/s" : "deliveries/s", pairs, "perSecond"));
  console.log(tableRow(entry, "us CPU each", pairs, "cpuUs"));
  console.log(tableRow(entry, "p50, us", pairs, "p50Us"));
  console.log(tableRow(entry, "p99, us", pairs, "p99Us"));
}
