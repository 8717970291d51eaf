/** Metrics of the process against what the process really did. */
import assert from "node:assert/strict";
import process from "node:process";
import { createNode, type ShoalNode } from "../src/mod.ts";
import { silentLogger } from "../src/core/log.ts";
import { pause, until } from "../src/testing/processes.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

async function pageOf(node: ShoalNode): Promise<(sample: string) => number> {
  const response = await fetch(`http://${node.address}/metrics`, { headers: { connection: "close" } });
  const text = await response.text();
  return (sample) => {
    const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
    assert.ok(line, `no sample ${sample}`);
    return Number(line.slice(sample.length + 1));
  };
}

function spin(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

Deno.test("metrics tell a stall of the event loop and the CPU that it took", async () => {
  await using node = await createNode({ port: 0, log: silentLogger });
  await node.ready;
  await pause(250);
  const before = await pageOf(node);
  const cpuBefore = process.cpuUsage();
  spin(600);
  await pause(150);
  const { user, system } = process.cpuUsage(cpuBefore);
  const after = await pageOf(node);
  const stalls = (page: typeof before) =>
    page("shoal_eventloop_lag_seconds_count") - page('shoal_eventloop_lag_seconds_bucket{le="0.25"}');
  assert.ok(stalls(after) - stalls(before) >= 1);
  const cpu = after("process_cpu_seconds_total") - before("process_cpu_seconds_total");
  assert.ok(Math.abs(cpu - (user + system) / 1e6) < 0.3, `${cpu} s against ${(user + system) / 1e6}`);
  assert.ok(after("node_memory_usage_bytes") > 20e6);
  assert.ok(after("node_heap_used_bytes") > 1e6);
});

Deno.test("metrics count commands by kind, closes by code and sockets", async () => {
  await using node = await createNode({ port: 0, log: silentLogger });
  await node.ready;
  {
    using client = await SdkClient.open(node.url);
    await client.subscribe("room");
    for (let i = 0; i < 20; i++) await client.centrifuge.publish("room", i);
    const page = await pageOf(node);
    assert.equal(page('shoal_commands_total{command="publish"}'), 20);
    assert.equal(page('websocket_message_processing_seconds_count{command="publish"}'), 2);
    assert.equal(page("shoal_open_descriptors"), 2); // a client and the listener
    assert.equal(page("shoal_publications_total"), 20);
  }
  await until("the client is gone", async () => (await pageOf(node))("shoal_open_descriptors") === 1, 2_000);
  const page = await pageOf(node);
  assert.equal(page('shoal_connections_closed_total{code="1005"}'), 1); // an SDK leaves without a code
  assert.equal(page('websocket_connection_errors_total{code="3008"}'), 0);
});
