/** Prometheus and Grafana files: made from the catalogs, accepted by promtool, and answered by a real cluster. */
import assert from "node:assert/strict";
import { serve, service } from "../src/client/mod.ts";
import { alertRules, runbookOf } from "../deploy/grafana/source/alerts.ts";
import { dashboards, generatedFiles } from "../deploy/grafana/source/files.ts";
import { dashboardOf, DATASOURCE } from "../deploy/grafana/source/panel.ts";
import { metric, rate } from "../deploy/grafana/source/promql.ts";
import { recordingRules } from "../deploy/grafana/source/rules.ts";
import { latencyBounds } from "../src/core/buckets.ts";
import { createPage, type Labelled, type MetricRow, type Reading } from "../src/metrics/mod.ts";
import { type PerfMetricRow, perfMetricTable } from "../src/perf/metric_catalog.ts";
import { NodeProcess, pause, root, until } from "../src/testing/processes.ts";
import { PrometheusServer } from "../src/testing/prometheus_server.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const RULE_FILES = [`${root}/deploy/prometheus/rules.yml`, `${root}/deploy/prometheus/alerts.yml`];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
  }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

function builtDashboards(): readonly Dashboard[] {
  return Object.values(dashboards).map((spec) => JSON.parse(JSON.stringify(dashboardOf(spec))));
}

/** Runs promtool and answers what it said; throws when it found fault. */
async function promtool(args: readonly string[], stdin?: string): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    signal: AbortSignal.timeout(30_000),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) await new Response(stdin).body?.pipeTo(child.stdin);
  const { success, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  return said;
}

Deno.test("dashboards and rules in the repo are what deno task dashboards would write", async () => {
  for (const [path, text] of generatedFiles()) {
    assert.equal(
      await Deno.readTextFile(`${root}/${path}`),
      text,
      `${path} is stale: run deno task dashboards`,
    );
  }
});

Deno.test("metric() and rate() refuse a name that no catalog has, and a rate of a gauge", () => {
  assert.throws(() => metric("shoal_redy"), RangeError);
  assert.throws(() => rate("shoal_ready"), TypeError);
});

Deno.test("dashboards have panels with queries, ids of their own, and places that do not overlap", () => {
  const all = builtDashboards();
  assert.equal(new Set(all.map(({ uid }) => uid)).size, all.length);
  for (const { title, panels } of all) {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, title);
    for (const panel of panels) checkPanel(panel, `${title} / ${panel.title}`);
    for (const a of panels) {
      for (const b of panels) {
        assert.ok(a.id === b.id || !overlap(a, b), `${title}: ${a.title} over ${b.title}`);
      }
    }
  }
});

function checkPanel({ type, targets, datasource, gridPos }: Panel, name: string): void {
  assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, name);
  if (type === "row") return;
  assert.equal(datasource?.uid, DATASOURCE.uid, name);
  assert.ok(targets !== undefined && targets.length > 0, name);
  assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, name);
  for (const { expr, legendFormat } of targets) assert.ok(expr !== "" && legendFormat !== "", name);
}

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

Deno.test("the data source of the dashboards is the one that Grafana is given", async () => {
  const text = await Deno.readTextFile(`${root}/deploy/grafana/provisioning/datasources/prometheus.yml`);
  assert.match(text, new RegExp(`^ +uid: ${DATASOURCE.uid}$`, "m"));
});

Deno.test("docs/operations.md has a page for every alert, and for no other", async () => {
  const text = await Deno.readTextFile(`${root}/docs/operations.md`);
  const headings = Array.from(text.matchAll(/^### (Shoal\w+)$/gm), ([, name]) => name);
  assert.deepEqual(headings, alertRules.map(({ alert }) => alert));
  for (const rule of alertRules) assert.match(runbookOf(rule), /^docs\/operations\.md#shoal[a-z]+$/);
});

Deno.test("promtool accepts rules, alerts and all configurations", async () => {
  await promtool(["check", "rules", ...RULE_FILES]);
  const directory = await Deno.makeTempDir({ prefix: "shoal-promtool-" });
  try {
    for (const file of RULE_FILES) await Deno.copyFile(file, `${directory}/${file.split("/").at(-1)}`);
    await Deno.writeTextFile(`${directory}/key`, "key");
    for (const name of ["prometheus.yml", "prometheus.local.yml", "prometheus.kubernetes.yml"]) {
      const text = await Deno.readTextFile(`${root}/deploy/prometheus/${name}`);
      const checked = text.replace(/credentials_file: .*/, `credentials_file: ${directory}/key`)
        // Debian's Prometheus is built without discovery in Kubernetes, so that part is not checked here.
        .replace(/kubernetes_sd_configs:\n(?: {6}.*\n)+/, "static_configs: [{targets: ['127.0.0.1:1']}]\n");
      await Deno.writeTextFile(`${directory}/${name}`, checked);
      assert.match(await promtool(["check", "config", `${directory}/${name}`]), /SUCCESS/);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** One client on each node, which publishes, calls and is answered; and one that comes and goes. */
async function makeTraffic(nodes: readonly NodeProcess[], signal: AbortSignal): Promise<void> {
  const clients = await Promise.all(nodes.map((node) => SdkClient.open(node.ws)));
  try {
    await Promise.all(clients.map((client) => client.subscribe("room")));
    const [provider] = clients;
    if (provider) await serve(provider.centrifuge, { id: "math", functions: { one: () => 1 } });
    while (!signal.aborted) {
      for (const { centrifuge } of clients) {
        await centrifuge.publish("room", { text: "hello" });
        await centrifuge.rpc("echo", { n: 1 });
        await service(centrifuge, "math").one();
      }
      for (const { ws } of nodes) (await SdkClient.open(ws))[Symbol.dispose]();
      await pause(100);
    }
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}

/** A page with every metric of the load tester, which grows as that of a run would. */
function perfPage(): () => Promise<string> {
  let looks = 0;
  const page = createPage(perfMetricTable.map(perfRow), () => ++looks);
  return async () => (await page.render()).body;
}

function perfRow({ name, type, help, labels }: PerfMetricRow): MetricRow<number> {
  const [label] = labels;
  const one = (looks: number): number | Exclude<Reading, Labelled | undefined> =>
    type !== "histogram"
      ? looks
      : { bounds: latencyBounds, counts: latencyBounds.map(() => looks).concat(0), sum: looks };
  const read = (looks: number): Reading =>
    label === undefined ? one(looks) : new Map([["some", one(looks)]]) as Reading; // all values are of one type
  return { name, type, help, read, ...(label === undefined ? {} : { label }) };
}

Deno.test("a real Prometheus that scrapes three nodes has data for every query of dashboards, rules and alerts", async () => {
  await using redis = await RedisServer.open();
  const set = { descriptor_limit: "4096" };
  const nodes = await Promise.all([1, 2, 3].map(() => NodeProcess.start({ redisUrl: redis.url, set })));
  const render = perfPage();
  const perf = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => new Response(await render()),
  );
  const ending = new AbortController();
  try {
    await using prometheus = await PrometheusServer.start({
      targets: {
        "shoal": nodes.map(({ port }) => `127.0.0.1:${port}`),
        "shoal-perf": [`127.0.0.1:${perf.addr.port}`],
      },
      ruleFiles: RULE_FILES,
    });
    const traffic = makeTraffic(nodes, ending.signal);
    const page = await (await fetch(`http://127.0.0.1:${nodes[0]?.port}/metrics`)).text();
    await promtool(["check", "metrics"], page);
    await until("every query has data", async () => (await emptyQueries(prometheus)).length === 0, 15_000)
      .catch(async (error) =>
        assert.fail(`${error.message}; no data: ${(await emptyQueries(prometheus)).join("\n")}`)
      );
    await checkRules(prometheus);
    await checkFigures(prometheus);
    ending.abort();
    await traffic;
    await nodes[2]?.kill();
    await until(
      "the alert of a node that is down is pending",
      () => isPending(prometheus, "ShoalNodeDown"),
      5_000,
    );
  } finally {
    ending.abort();
    await perf.shutdown();
    for (const node of nodes) await node[Symbol.asyncDispose]();
  }
});

/** What has no data: queries of dashboards, recorded series, and what alerts measure before they compare it. */
async function emptyQueries(prometheus: PrometheusServer): Promise<readonly string[]> {
  const queries = [
    ...builtDashboards().flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets))
      .map(({ expr }) => expr.replaceAll("$__rate_interval", "5s").replaceAll("$instance", ".+")),
    ...recordingRules.map(({ record }) => record),
    ...alertRules.map(({ measure }) => measure),
  ];
  const empty: string[] = [];
  for (const query of queries) {
    const samples = await prometheus.query(query);
    // 0 / 0 is a sample too, and says as little as none.
    if (!samples.some(({ value: [, text] }) => text !== "NaN")) empty.push(query);
  }
  return empty;
}

interface RuleState {
  readonly name: string;
  readonly type: string;
  readonly health: string;
  readonly state?: string;
}

async function rulesOf(prometheus: PrometheusServer): Promise<readonly RuleState[]> {
  const { groups } = await prometheus.get<{ groups: readonly { rules: readonly RuleState[] }[] }>(
    "/api/v1/rules",
  );
  return groups.flatMap(({ rules }) => rules);
}

/** Prometheus evaluates all of them, and a cluster without a fault raises none. */
async function checkRules(prometheus: PrometheusServer): Promise<void> {
  const rules = await rulesOf(prometheus);
  assert.equal(rules.length, recordingRules.length + alertRules.length);
  assert.deepEqual(rules.filter(({ health }) => health !== "ok").map(({ name }) => name), []);
  assert.deepEqual(rules.filter(({ state }) => state === "firing").map(({ name }) => name), []);
}

/** Without what floating point adds. */
function round(value: number): number {
  return Number(value.toPrecision(9));
}

/** Figures that the traffic of this test fixes. */
async function checkFigures(prometheus: PrometheusServer): Promise<void> {
  const all = async (expr: string) =>
    (await prometheus.query(expr)).map(({ value: [, text] }) => round(Number(text)));
  // One node is scraped and one rule evaluated before another.
  const isThere = async (expr: string) => (await all(expr)).length === 3;
  await until("all nodes have figures", () => isThere("instance:nodes_per_publication:rate5m"), 10_000);
  // Every node has one subscriber of the one channel.
  assert.deepEqual(await all("instance:nodes_per_publication:rate5m"), [3, 3, 3]);
  assert.deepEqual(await all("shoal_backend_connections"), [2, 2, 2]);
  assert.deepEqual(await all("shoal_subscriptions_confirmed"), [1, 1, 1]);
  assert.deepEqual(await all("shoal_connection_limit"), [3686, 3686, 3686]);
  for (const rate of ["commands", "sent_bytes", "received_bytes"]) {
    const figures = await all(`rate(shoal_backend_${rate}_total[10s])`);
    assert.ok(figures.length === 3 && figures.every((figure) => figure > 0), `${rate}: ${figures}`);
  }
}

/** Series over minutes, and who must have called at the end of them. */
interface RuleCase {
  readonly series: Readonly<Record<string, string>>;
  readonly alert: string;
  readonly fires: readonly string[];
}

const ruleCases: readonly RuleCase[] = [
  { alert: "ShoalNodeDown", series: { 'up{job="shoal",instance="a"}': "0x10" }, fires: ["a"] },
  {
    alert: "ShoalNodeNotReady",
    series: {
      'shoal_ready{instance="a"}': "0x10",
      'shoal_draining{instance="a"}': "0x10",
      'shoal_ready{instance="b"}': "0x10",
      'shoal_draining{instance="b"}': "1x10",
    },
    fires: ["a"],
  },
  { alert: "ShoalNoNodeReady", series: { 'shoal_ready{instance="a"}': "0x10" }, fires: [""] },
  { alert: "ShoalNoNodeReady", series: { "other": "0x10" }, fires: [""] },
  {
    alert: "ShoalNoNodeReady",
    series: { 'shoal_ready{instance="a"}': "0x10", 'shoal_ready{instance="b"}': "1x10" },
    fires: [],
  },
  { alert: "ShoalBackendLost", series: { 'shoal_backend_up{instance="a"}': "0x10" }, fires: ["a"] },
  {
    alert: "ShoalConnectionsNearLimit",
    series: {
      'websocket_active_connections{instance="a"}': "90x10",
      'shoal_connection_limit{instance="a"}': "100x10",
      'websocket_active_connections{instance="b"}': "80x10",
      'shoal_connection_limit{instance="b"}': "100x10",
    },
    fires: ["a"],
  },
  {
    alert: "ShoalCpuSaturated",
    series: { 'process_cpu_seconds_total{instance="a"}': "0+57x20" },
    fires: ["a"],
  },
  { alert: "ShoalNodeReaped", series: { 'shoal_nodes_reaped_total{instance="a"}': "0x5 1x5" }, fires: ["a"] },
];

Deno.test("alerts fire for what they are for and stay silent beside it, says promtool test rules", async () => {
  const tests = ruleCases.map(({ alert, series, fires }) => {
    const rule = alertRules.find((each) => each.alert === alert);
    assert.ok(rule, alert);
    return {
      interval: "1m",
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [{
        expr: `count by (instance) (ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: rule.lasts === "10m" ? "18m" : "9m",
        exp_samples: fires.map((instance) => ({ labels: instance && `{instance="${instance}"}`, value: 1 })),
      }],
    };
  });
  const directory = await Deno.makeTempDir({ prefix: "shoal-promtool-" });
  try {
    const file = `${directory}/test.yml`;
    await Deno.writeTextFile(
      file,
      JSON.stringify({ rule_files: RULE_FILES, evaluation_interval: "15s", tests }),
    );
    assert.match(await promtool(["test", "rules", file]), /SUCCESS/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function isPending(prometheus: PrometheusServer, alert: string): Promise<boolean> {
  return (await rulesOf(prometheus)).some(({ name, state }) => name === alert && state === "pending");
}
