/**
 * Calls of a service from one node to a provider on another, open loop: calls are due at fixed times, and latency counts
 * from when a call was due. Starts a Redis, two nodes and a provider, and calls from its own process. With `--stream`:
 * one long stream, and whether the nodes' memory stays flat. With `--rounds`: calls in rounds, for the CPU of a call on a
 * busy machine, where the batches of an open loop grow with the load and make each call cheaper.
 *
 *     deno run -A bench/service_calls.ts [--rate 8000] [--seconds 10]
 *     deno run -A bench/service_calls.ts --stream 1000000
 *     deno run -A bench/service_calls.ts --rounds 1500
 */
import { setImmediate } from "node:timers";
import { parseArgs } from "node:util";
import { Centrifuge } from "centrifuge";
import { build } from "hdr-histogram-js";
import { PromptSocket } from "./prompt_socket.ts";
import { measureStream } from "./service_stream.ts";
import { NodeProcess, root, TestProcess } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";

const PACE_MS = 2;
const WARM_UP_S = 2;
/** Calls in one frame: it stays far below what a node takes, however late this process is. */
const BATCH = 200;
/** Calls of one round: all are under way at once, and the next round waits for them. */
const ROUND = 50;
const WARM_UP_ROUNDS = 600;

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "8000" },
    seconds: { type: "string", default: "10" },
    stream: { type: "string" },
    rounds: { type: "string" },
  },
});

await using redis = await RedisServer.open();
const isStream = values.stream !== undefined;
const [nearPort, farPort] = [unusedPort(), unusedPort()];
await using near = await NodeProcess.start({
  redisUrl: redis.url,
  set: { max_commands_in_flight: 65_536 },
  runtimeFlags: inspectFlags(nearPort),
});
await using far = await NodeProcess.start({ redisUrl: redis.url, runtimeFlags: inspectFlags(farPort) });
const words = ["run", "-A", `${root}/bench/service_provider.ts`, far.ws];
await using provider = new TestProcess(Deno.execPath(), words);
await provider.matches(/serving/g);
const client = new Centrifuge(near.ws, { timeout: 30_000, websocket: PromptSocket });
client.on("connecting", ({ code, reason }) => {
  if (code !== 0) console.log(`the connection was lost: ${code} ${reason}`);
});
client.on("disconnected", ({ code, reason }) => {
  if (code !== 0) console.log(`the connection has ended: ${code} ${reason}`);
});
client.connect();
await client.ready(10_000);
if (values.rounds !== undefined) await measureRounds(Number(values.rounds));
else if (values.stream === undefined) await measureCalls(Number(values.rate), Number(values.seconds));
else {
  const nodes = [
    { name: "caller's node", process: near, inspectPort: nearPort },
    { name: "provider's node", process: far, inspectPort: farPort },
  ];
  await measureStream(client, nodes, Number(values.stream));
}
client.disconnect();

/** Calls are measured without an inspector. */
function inspectFlags(port: number): readonly string[] {
  return isStream ? [`--inspect=127.0.0.1:${port}`] : [];
}

async function measureCalls(rate: number, seconds: number): Promise<void> {
  await drive(rate, WARM_UP_S);
  const before = await cpuSeconds();
  const { done, failed, wallS, histogram } = await drive(rate, seconds);
  const ms = (percentile: number) => (histogram.getValueAtPercentile(percentile) / 1_000).toFixed(2);
  console.log(`${Math.round(done / wallS)} calls/s of ${rate} offered, ${failed} failed`);
  console.log(`p50 ${ms(50)} ms, p99 ${ms(99)} ms, p99.9 ${ms(99.9)} ms, longest ${ms(100)} ms`);
  await showCpu(before, done);
}

async function measureRounds(count: number): Promise<void> {
  for (let i = 0; i < WARM_UP_ROUNDS; i++) await round();
  const before = await cpuSeconds();
  for (let i = 0; i < count; i++) await round();
  await showCpu(before, count * ROUND);
}

async function round(): Promise<void> {
  client.startBatching();
  const calls = Array.from(
    { length: ROUND },
    (_, i) => client.rpc("services.call", { service: "bench", function: "add", args: [i, 1] }),
  );
  client.stopBatching();
  await Promise.all(calls);
}

async function showCpu(before: readonly number[], calls: number): Promise<void> {
  const cpu = (await cpuSeconds()).map((after, i) => (((after - (before[i] ?? 0)) / calls) * 1e6).toFixed(1));
  console.log(`CPU us a call: caller's node ${cpu[0]}, provider's node ${cpu[1]}, provider ${cpu[2]}`);
}

async function drive(rate: number, seconds: number) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const startMs = performance.now();
  const total = rate * seconds;
  const calls: Promise<void>[] = [];
  let failed = 0;
  const call = async (dueMs: number, i: number) => {
    try {
      const { data } = await client.rpc("services.call", { service: "bench", function: "add", args: [i, 1] });
      if (data.value !== i + 1) failed++;
    } catch {
      failed++; // counted and shown
    }
    histogram.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1_000)));
  };
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * rate));
    while (calls.length < due) {
      client.startBatching();
      const end = Math.min(due, calls.length + BATCH);
      for (let i = calls.length; i < end; i++) calls.push(call(startMs + (i / rate) * 1_000, i));
      client.stopBatching();
      // The SDK sends a batch a little later, and all that were closed by then as one.
      await new Promise((go) => setImmediate(go));
    }
    await new Promise((go) => setTimeout(go, PACE_MS));
  }
  await Promise.all(calls);
  return { done: calls.length - failed, failed, wallS: (performance.now() - startMs) / 1_000, histogram };
}

/** User and system time so far: both nodes, provider. */
async function cpuSeconds(): Promise<number[]> {
  const pids = [near.pid, far.pid, provider.pid];
  return await Promise.all(pids.map(async (pid) => {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }));
}
