/** All charts that a run has the numbers for. Pure: the same report gives the same drawings. */
import type { CrossDigest } from "../../truth/digest.ts";
import { formatCount, formatRate, formatUs } from "../../units.ts";
import type { RunReport } from "../run_report.ts";
import { badgeText } from "../badge.ts";
import type { Chart, ChartText } from "./chart.ts";
import { latencyChart } from "./latency_chart.ts";
import { matrixChart } from "./matrix_chart.ts";
import { percentileChart } from "./percentile_chart.ts";
import { rampChart } from "./ramp_chart.ts";
import { resourceChart, type ResourceTrack } from "./resource_chart.ts";
import { runBands } from "./run_bands.ts";
import { throughputChart } from "./throughput_chart.ts";

/** The charts, in the order in which they are read. */
export function runCharts(report: RunReport): readonly Chart[] {
  return [
    ...trafficCharts(report),
    ...connectionCharts(report),
    ...resourceCharts(report),
    ...matrixCharts(report),
  ];
}

function textOf(report: RunReport, name: string, title: string, caption: string): ChartText {
  const scenario = report.options.scenario.name;
  return { name, title: `${scenario}: ${title}`, caption, stamp: badgeText(report.verdict) };
}

function trafficCharts(report: RunReport): readonly Chart[] {
  const { traffic } = report.result;
  if (traffic === undefined || traffic.seconds.length === 0) return [];
  const bands = runBands(report, traffic.measuredFromMs);
  const { corrected, raw } = report.digest.traffic?.total.latency ?? {};
  return [
    throughputChart(
      textOf(report, "throughput", "messages sent and delivered", ratesText(report)),
      traffic,
      bands,
    ),
    latencyChart(
      textOf(
        report,
        "latency",
        "latency over time",
        "From the intended send, of what arrived in each second; a percentile needs ten samples above it. " +
          modelText(report),
      ),
      traffic,
      bands,
    ),
    percentileChart(
      textOf(
        report,
        "percentiles",
        "latency by percentile",
        `p99 ${formatUs(corrected?.p99Us)} from the intended send, ${
          formatUs(raw?.p99Us)
        } from the actual one. ` +
          modelText(report),
      ),
      traffic,
    ),
  ];
}

function ratesText(report: RunReport): string {
  const { traffic } = report.digest;
  const { model } = report.options.scenario;
  if (traffic === undefined) return "";
  return `${model === "open" ? `open plan of ${formatRate(traffic.offeredPerSec)}/s` : "closed loop"}, ` +
    `achieved ${formatRate(traffic.achievedPerSec)}/s on ${
      formatCount(traffic.total.connections)
    } connections`;
}

function modelText(report: RunReport): string {
  const isClosed = report.options.scenario.model === "closed";
  return isClosed ? "Closed loop: not comparable across rates." : "";
}

function connectionCharts(report: RunReport): readonly Chart[] {
  const { traffic } = report.result;
  if (traffic === undefined || traffic.connect.ramp.length === 0) return [];
  const { connect, measuredFromMs, warmupMs } = traffic;
  const beganMs = Math.max(0, measuredFromMs - warmupMs - connect.tookMs);
  const { asked, open, failed, neverTried, retries } = connect;
  const caption = `${formatCount(open)} of ${formatCount(asked)} open, ${formatCount(failed)} failed, ` +
    `${formatCount(neverTried)} never tried, ${formatCount(retries)} retries; ready p99 ${
      formatUs(report.digest.traffic?.ready.p99Us)
    }`;
  const text = textOf(report, "connections", "connecting", caption);
  return [rampChart(text, connect, runBands(report, beganMs))];
}

function resourceCharts(report: RunReport): readonly Chart[] {
  const tracks = tracksOf(report);
  if (tracks.length === 0) return [];
  const zeroMs = report.result.traffic?.measuredFromMs ?? 0;
  const caption = "As the instances tell at /stats, or /proc tells of them, about once a second. " +
    generatorText(report);
  const text = textOf(report, "resources", "memory, CPU, lag", caption);
  return [resourceChart(text, tracks, { zeroMs, bands: runBands(report, zeroMs) })];
}

function generatorText(report: RunReport): string {
  const generator = report.digest.traffic?.generator;
  if (generator === undefined) return "";
  return `The generator: ${Math.round(generator.cpuCores * 100)} % of a core, at most ${
    Math.round(generator.maxRssBytes / 1_048_576)
  } MB.`;
}

function tracksOf(report: RunReport): readonly ResourceTrack[] {
  return report.stats.map(({ instance, samples }) => ({ name: instance, samples }))
    .filter((track) => track.samples.length > 0);
}

function matrixCharts(report: RunReport): readonly Chart[] {
  const { cross, traffic } = report.digest;
  const cells = cross ?? traffic?.cells;
  if (cells === undefined) return [];
  const title = "from every instance to every instance";
  return [matrixChart(textOf(report, "matrix", title, taxText(cells)), cells)];
}

function taxText({ local, remote }: Pick<CrossDigest, "local" | "remote">): string {
  const reading = "Publication to subscriber, from the intended send.";
  const [near, far] = [local.corrected.p99Us, remote.corrected.p99Us];
  if (near === undefined || far === undefined) return reading;
  return `${reading} p99 on the same instance ${formatUs(near)}, across ${formatUs(far)}.`;
}
