import assert from "node:assert/strict";
import { forestChart } from "./forest_chart.ts";
import { runCharts } from "./run_charts.ts";
import { sampleReport } from "./sample_report.ts";
import { scalingChart } from "./scaling_chart.ts";
import type { Chart } from "./chart.ts";

const golden = new URL("../../../../tests/fixtures/charts/", import.meta.url);

/** `deno test -A src/perf/reports/charts -- --update` writes the drawings anew; look at them before you commit. */
const isUpdate = Deno.args.includes("--update");

function scaling(): Chart {
  const at = (instances: number) => {
    const perSec = 10_000 * instances / (1 + 0.08 * (instances - 1) + 0.012 * instances * (instances - 1));
    return { instances, perSec, low: perSec * 0.94, high: perSec * 1.05 };
  };
  return scalingChart(
    { name: "scaling", title: "throughput by instances", caption: "sigma 0.08, kappa 0.012", stamp: "PASS" },
    {
      points: [1, 2, 3, 4, 6].map(at),
      fit: Array.from({ length: 45 }, (_, step) => at(1 + step / 4)),
      peak: { instances: 8.8, low: 7.1, high: 10.4 },
      unit: "messages per core-second",
    },
  );
}

function comparison(): Chart {
  const text = { name: "comparison", title: "cluster=3 by standalone", caption: "5 pairs", stamp: "PASS" };
  return forestChart(text, [
    {
      name: "throughput",
      ratio: 1.31,
      low: 1.22,
      high: 1.4,
      isLargerBetter: true,
      noise: { low: 0.97, high: 1.04 },
      rounds: [1.2, 1.3, 1.31, 1.38, 1.42],
    },
    {
      name: "rtt p99",
      ratio: 1.02,
      low: 0.95,
      high: 1.08,
      isLargerBetter: false,
      noise: { low: 0.8, high: 1.25 },
      rounds: [0.94, 1, 1.02, 1.05, 1.1],
    },
  ]);
}

Deno.test("runCharts(), scalingChart() and forestChart() draw what is in tests/fixtures/charts, byte for byte", async () => {
  for (const { name, svg } of [...runCharts(sampleReport()), scaling(), comparison()]) {
    const file = new URL(`${name}.svg`, golden);
    if (isUpdate) await Deno.writeTextFile(file, svg);
    assert.equal(svg, await Deno.readTextFile(file), `${name}.svg differs`);
  }
});

Deno.test("runCharts() leaves out what a report has no numbers for", () => {
  const report = sampleReport();
  const bare = { ...report, stats: [], digest: { ...report.digest, cross: undefined } };
  const names = runCharts(bare).map((chart) => chart.name);
  assert.deepEqual(names, ["throughput", "latency", "percentiles", "connections"]);
  const empty = { ...bare, result: { ...report.result, traffic: undefined } };
  assert.deepEqual(runCharts({ ...empty, digest: { ...empty.digest, traffic: undefined } }), []);
});

Deno.test("runCharts() stamps the verdict and what stepped in on the pictures", () => {
  const [throughput, , , connections] = runCharts(sampleReport());
  assert.match(throughput?.svg ?? "", /INVALID\(throttled\)/);
  assert.match(throughput?.svg ?? "", /node 1 paused/);
  assert.match(connections?.svg ?? "", /throttled 0\.2 s: 9% of memory available/);
});
