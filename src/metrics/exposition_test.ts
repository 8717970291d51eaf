import assert from "node:assert/strict";
import { type MetricsSource, metricTable } from "./catalog.ts";
import { Buckets } from "../core/buckets.ts";
import { createMetrics } from "./exposition.ts";

const buckets = new Buckets([0.1, 1]);
for (const seconds of [0.05, 0.5, 0.5, 5]) buckets.observe(seconds);

function source(connections: number): MetricsSource {
  return {
    connections,
    channels: 1,
    messagesIn: 2,
    messagesOut: 3,
    framesOut: 4,
    bytesIn: 5,
    bytesOut: 6,
    publications: 7,
    connectionsOpened: 8,
    connectionsRefused: 9,
    listenersReopened: 10,
    reaps: 11,
    connectionErrors: new Map([[3008, 12], [3012, 13]]),
    errors: new Map([[107, 14]]),
    memoryBytes: 15,
    lagSeconds: 0.016,
    cpuPercent: 17,
    isReady: true,
    isDraining: false,
    desiredSubscriptions: 19,
    confirmedSubscriptions: 20,
    clients: {
      connectionLimit: undefined,
      closes: new Map<number | string, number>([[1000, 21], ["other", 22]]),
      limitHits: new Map([["commands_per_s", 25]]),
      commands: new Map([["publish", 23]]),
      commandSeconds: new Map([["publish", buckets.read()]]),
      outboxBytes: 24,
      drains: 25,
    },
    history: {
      recoveries: new Map([["recovered", 35]]),
      positionsLost: 36,
      slowCloses: 37,
      publicationsDropped: 38,
      publicationsConflated: 39,
    },
    services: {
      calls: new Map([["ok", 40], ["gone", 41]]),
      callSeconds: buckets.read(),
      callsWaiting: 42,
      streams: new Map([["ok", 43]]),
      streamsRead: 44,
      items: 45,
      hosted: 46,
      offered: 47,
      nodeRequests: 48,
    },
    backend: {
      latency: buckets.read(),
      pubsubLag: buckets.read(),
      isUp: true,
      losses: 26,
      burials: 27,
      traffic: undefined,
    },
    process: {
      version: "1.2.3",
      node: "aaaaaaaaaaaaa",
      cpuSeconds: 28,
      startedSeconds: 29,
      heapUsedBytes: 30,
      loopLag: buckets.read(),
      openSockets: 31,
      descriptorLimit: 32,
      logRecords: new Map([["info", 33]]),
      logSuppressed: 34,
    },
  };
}

Deno.test("createMetrics() renders every metric of the table with what the source says now", async () => {
  let connections = 1;
  const metrics = createMetrics(() => source(connections));
  connections = 21;
  const { body, contentType } = await metrics.render();
  assert.match(contentType, /^text\/plain/);
  for (const row of metricTable) assert.match(body, new RegExp(`^# TYPE ${row.name} ${row.type}$`, "m"));
  assert.match(body, /^websocket_active_connections 21$/m);
  assert.match(body, /^websocket_connection_errors_total\{code="3008"\} 12$/m);
  assert.match(body, /^websocket_connection_errors_total\{code="3012"\} 13$/m);
});

Deno.test("createMetrics() renders a counter's value, not the sum of all pages", async () => {
  const metrics = createMetrics(() => source(1));
  await metrics.render();
  assert.match((await metrics.render()).body, /^websocket_messages_received_total 2$/m);
});

Deno.test("createMetrics() renders a histogram with cumulated buckets, sum and count", async () => {
  const { body } = await createMetrics(() => source(1)).render();
  const lines = body.split("\n").filter((line) => line.startsWith("websocket_message_processing_seconds"));
  assert.deepEqual(lines, [
    'websocket_message_processing_seconds_bucket{command="publish",le="0.1"} 1',
    'websocket_message_processing_seconds_bucket{command="publish",le="1"} 3',
    'websocket_message_processing_seconds_bucket{command="publish",le="+Inf"} 4',
    'websocket_message_processing_seconds_sum{command="publish"} 6.05',
    'websocket_message_processing_seconds_count{command="publish"} 4',
  ]);
});

Deno.test("createMetrics() leaves out samples that do not apply", async () => {
  const { body } = await createMetrics(() => source(1)).render();
  assert.doesNotMatch(body, /^shoal_connection_limit/m);
  assert.doesNotMatch(body, /^shoal_backend_commands_total/m);
  assert.match(body, /^shoal_connections_closed_total\{code="other"\} 22$/m);
});

Deno.test("metricTable names each metric once, and counters by the convention", () => {
  const names = metricTable.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, type } of metricTable) assert.equal(name.endsWith("_total"), type === "counter", name);
});
