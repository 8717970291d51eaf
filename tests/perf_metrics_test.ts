/** The load tester's own metrics: names of the catalog, text that promtool accepts, numbers of the result. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { runLocally } from "../src/perf/engine/local_engine.ts";
import type { LoadOptions } from "../src/perf/engine/load_options.ts";
import type { LoadResult } from "../src/perf/engine/load_result.ts";
import { perfMetricTable } from "../src/perf/metric_catalog.ts";
import { LiveMetrics } from "../src/perf/reports/prometheus/live_metrics.ts";
import { openMetricsEndpoint } from "../src/perf/reports/prometheus/metrics_endpoint.ts";
import { resolveScenario, type ScenarioChanges } from "../src/perf/scenario/resolve_scenario.ts";
import { digest } from "../src/perf/truth/digest.ts";
import { ScriptedBus, ScriptedServer } from "../src/testing/scripted_server.ts";
import { loadOptions } from "./perf_kit.ts";

function options(urls: readonly string[], changes: ScenarioChanges, workers = 1): LoadOptions {
  const small = { connections: 8, messages: 900, perSec: 1_000, warmupMs: 0, ...changes };
  const scenario = { ...resolveScenario("light", small), cross: { messages: 300, perSec: 1_000 } };
  return loadOptions(urls, scenario, { parts: ["traffic", "cross"], workers });
}

interface Outcome {
  readonly result: LoadResult;
  /** Pages fetched while the run was on, and one after it. */
  readonly during: readonly string[];
  readonly after: string;
}

async function runWithMetrics(load: LoadOptions): Promise<Outcome> {
  const metrics = new LiveMetrics(load.scenario, () => systemClock.monotonicMs());
  await using endpoint = openMetricsEndpoint({ hostname: "127.0.0.1", port: 0 }, () => metrics.page());
  const fetched: Promise<string>[] = [];
  const signal = new AbortController().signal;
  const result = await runLocally(load, {
    clock: systemClock,
    signal,
    onProgress: (progress) => {
      metrics.take(progress);
      fetched.push(fetch(endpoint.url).then((response) => response.text()));
    },
  });
  metrics.finish(result);
  const after = await (await fetch(endpoint.url)).text();
  return { result, during: await Promise.all(fetched), after };
}

async function promtool(page: string): Promise<void> {
  const command = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    signal: AbortSignal.timeout(30_000),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  await new Response(page).body?.pipeTo(child.stdin);
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

/** Sum of all samples of `name` whose labels contain `labels`. */
function sumOf(page: string, name: string, labels = ""): number {
  const lines = page.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

function namesOf(page: string): ReadonlySet<string> {
  return new Set([...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name));
}

Deno.test("LiveMetrics shows every metric of the catalog, in text that promtool accepts, with the result's numbers", async () => {
  const bus = new ScriptedBus();
  const fanOut = { dropEvery: 100, duplicateEvery: 50, swapEvery: 30 };
  await using one = new ScriptedServer({ bus, fanOut });
  await using two = new ScriptedServer({ bus, fanOut });
  const { result, during, after } = await runWithMetrics(
    options([one.url, two.url], { pattern: { kind: "rooms", size: 4 } }),
  );
  for (const page of [...during, after]) assert.ok(page === "" || page.startsWith("# HELP"), page);
  await promtool(after);
  assert.deepEqual(perfMetricTable.map((row) => row.name).filter((name) => !namesOf(after).has(name)), []);
  const total = digest(result).traffic?.total;
  assert.ok(total);
  assert.equal(sumOf(after, "perf_messages_sent_total"), total.sent);
  assert.equal(sumOf(after, "ws_simulator_messages_sent_total"), total.sent);
  assert.equal(sumOf(after, "perf_messages_received_total", 'kind="delivery"'), total.delivered);
  assert.equal(sumOf(after, "perf_messages_received_total", 'kind="answer"'), total.answered);
  assert.equal(sumOf(after, "perf_rtt_seconds_count", 'view="raw"'), total.latency.raw.count);
  assert.equal(sumOf(after, "ws_simulator_bytes_received_total"), total.bytesReceived);
  assert.equal(sumOf(after, "ws_simulator_message_size_bytes_count"), total.sent);
  const cells = [...(result.traffic?.cells ?? []), ...(result.cross?.cells ?? [])];
  for (const field of ["lost", "duplicate", "reordered", "late"] as const) {
    const wanted = cells.reduce((sum, cell) => sum + cell.ledger[field], 0);
    assert.equal(sumOf(after, `perf_${field}_total`), wanted, field);
    assert.ok(field === "late" || wanted > 0, field);
  }
});

Deno.test("LiveMetrics grows while a run of several processes is on, and names each of them", async () => {
  await using node = new ScriptedServer();
  const load = { ...options([node.url], { messages: 2_500 }, 2), parts: ["traffic"] as const };
  const { result, during, after } = await runWithMetrics(load);
  const sent = during.map((page) => sumOf(page, "perf_messages_sent_total"));
  assert.ok(new Set(sent).size > 4, `sent as seen: ${sent.join(" ")}`);
  assert.deepEqual(sent, sent.toSorted((a, b) => a - b));
  assert.equal(sumOf(after, "perf_messages_sent_total"), digest(result).traffic?.total.sent);
  assert.equal(sumOf(after, "perf_connect_seconds_count", 'phase="welcome"'), 8);
  assert.deepEqual(
    [...after.matchAll(/perf_worker_rss_bytes\{worker="(\d)"\}/g)].map(([, worker]) => worker),
    [
      "1",
      "2",
    ],
  );
});

Deno.test("openMetricsEndpoint() says what to do about a taken port, and answers nothing but GET /metrics", async () => {
  await using endpoint = openMetricsEndpoint({ hostname: "127.0.0.1", port: 0 }, () => "");
  const port = Number(new URL(endpoint.url).port);
  assert.throws(
    () => openMetricsEndpoint({ hostname: "127.0.0.1", port }, () => ""),
    {
      name: "UsageError",
      message: /Cannot serve metrics at 127\.0\.0\.1:\d+: .*; choose another with --prometheus/,
    },
  );
  const statuses = [["/", "GET"], ["/metrics", "POST"], ["/metrics", "GET"]].map(
    async ([path = "", method = ""]) => {
      const response = await fetch(new URL(path, endpoint.url), { method });
      await response.body?.cancel();
      return response.status;
    },
  );
  assert.deepEqual(await Promise.all(statuses), [404, 405, 200]);
});
