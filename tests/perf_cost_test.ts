/** What a message costs the load tester itself, beside the barest loop that could send and read it. */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import baseline from "../bench/generator_cost.json" with { type: "json" };
import { resolveScenario } from "../src/perf/scenario/resolve_scenario.ts";
import { ScriptedProcess } from "../src/testing/scripted_process.ts";
import { pause } from "../src/testing/waiting.ts";
import { loadOptions, runLoad } from "./perf_kit.ts";

const CONNECTIONS = 50;
const MEASURED_MS = 1_500;
const WARMUP_MS = 700;
/** A shared machine moves both, though not by this much. */
const MAX_GROWTH = 2;

const frame = new Uint8Array([0x81, 0x85, 0, 0, 0, 0, ...new TextEncoder().encode("hello")]);
const upgrade = "GET /plain HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** CPU microseconds of a message in the barest loop. */
async function bareCostUs(port: number): Promise<number> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  let [messages, isOver] = [0, false];
  const loops = connections.map(async (connection) => {
    const bytes = new Uint8Array(512);
    await connection.write(new TextEncoder().encode(upgrade));
    await connection.read(bytes);
    while (!isOver) {
      await connection.write(frame);
      await connection.read(bytes);
      messages++;
    }
    connection.close();
  });
  await pause(WARMUP_MS);
  const [before, messagesBefore] = [cpuUsage(), messages];
  await pause(MEASURED_MS);
  const used = cpuUsage(before);
  const cost = (used.user + used.system) / (messages - messagesBefore);
  isOver = true;
  await Promise.all(loops);
  return cost;
}

async function ownCostUs(url: string): Promise<number> {
  const scenario = resolveScenario("light", {
    connections: CONNECTIONS,
    model: "closed",
    durationMs: MEASURED_MS,
    warmupMs: WARMUP_MS,
    payload: { kind: "fixed", bytes: 5 },
    speech: { kind: "plain", message: "{{id}} {{payload}}", reply: { kind: "echo" }, hello: [] },
  });
  const { traffic } = await runLoad(loadOptions([`${url}/plain`], scenario));
  const [health] = traffic?.generators ?? [];
  assert.ok(health);
  return health.cpuSeconds * 1_000_000 / health.sends;
}

Deno.test("a message costs the load tester no more than twice its last baseline", async () => {
  await using server = await ScriptedProcess.start();
  const bareUs = await bareCostUs(server.port);
  const ownUs = await ownCostUs(server.url);
  const times = ownUs / bareUs;
  console.log(
    `${ownUs.toFixed(1)} us a message, ${
      times.toFixed(2)
    } times the bare loop; baseline ${baseline.timesBareLoop}`,
  );
  assert.ok(times < MAX_GROWTH * baseline.timesBareLoop, `${times.toFixed(2)} times the bare loop`);
});
