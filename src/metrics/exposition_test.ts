import assert from "node:assert/strict";
import { type MetricsSource, metricTable } from "./catalog.ts";
import { createMetrics } from "./exposition.ts";

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
    publicationsDropped: 0,
    publicationsConflated: 0,
    positionsLost: 0,
    recoveries: new Map(),
    slowCloses: 0,
    closes: new Map([[3001, 12], [1000, 13]]),
    errors: new Map([[107, 14]]),
    memoryBytes: 15,
    lagSeconds: 0.016,
    cpuPercent: 17,
    isReady: true,
    isDraining: false,
    backendLatencySeconds: 0.018,
    desiredSubscriptions: 19,
    confirmedSubscriptions: 20,
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
  assert.match(body, /^websocket_connection_errors_total\{code="3001"\} 12$/m);
  assert.match(body, /^websocket_connection_errors_total\{code="1000"\} 13$/m);
});

Deno.test("createMetrics() renders a counter's value, not the sum of all pages", async () => {
  const metrics = createMetrics(() => source(1));
  await metrics.render();
  assert.match((await metrics.render()).body, /^websocket_messages_received_total 2$/m);
});
