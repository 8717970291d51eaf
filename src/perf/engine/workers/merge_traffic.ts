/** Adds the results of several workers up: counts are summed, histograms merged, never a percentile averaged. Pure. */
import { encodeHistogram, type HistogramText, mergeHistograms } from "../../truth/histogram.ts";
import { addLedgers } from "../../truth/ledger.ts";
import type { RecorderData } from "../../truth/recorder.ts";
import { achievedPerSec } from "../traffic_result.ts";
import type {
  ConnectResult,
  CrossCell,
  OutageRow,
  RampRow,
  SecondRow,
  TrafficInstance,
  TrafficResult,
} from "../load_result.ts";

/** The sum of `parts`, which must be of the same scenario; of one part, itself. Throws RangeError for none. */
export function mergeTraffic(parts: readonly TrafficResult[]): TrafficResult {
  const [first] = parts;
  if (first === undefined) throw new RangeError("No results to add up");
  if (parts.length === 1) return first;
  const receiveMs = largest(parts, (part) => part.receiveMs);
  const instances = mergeInstances(parts.map((part) => part.instances));
  const answered = sum(instances, (row) => row.answered);
  const sendMs = largest(parts, (part) => part.sendMs);
  const achieved = achievedPerSec(answered, { sendMs, receiveMs });
  return {
    ...first,
    instances,
    cells: mergeCells(parts.map((part) => part.cells)),
    fanOut: first.fanOut && {
      first: merged(parts.map((part) => part.fanOut?.first)),
      median: merged(parts.map((part) => part.fanOut?.median)),
      last: merged(parts.map((part) => part.fanOut?.last)),
    },
    publications: {
      sent: sum(parts, (part) => part.publications.sent),
      refused: sum(parts, (part) => part.publications.refused),
    },
    asked: sum(parts, (part) => part.asked),
    neverTried: sum(parts, (part) => part.neverTried),
    offeredPerSec: first.model === "closed" ? achieved : sum(parts, (part) => part.offeredPerSec),
    achievedPerSec: achieved,
    sendMs,
    receiveMs,
    drainMs: largest(parts, (part) => part.drainMs),
    measuredFromMs: Math.min(...parts.map((part) => part.measuredFromMs)),
    seconds: mergeSeconds(parts.flatMap((part) => part.seconds)),
    firstThird: merged(parts.map((part) => part.firstThird)),
    lastThird: merged(parts.map((part) => part.lastThird)),
    connect: mergeConnects(parts.map((part) => part.connect)),
    churn: {
      closed: sum(parts, (part) => part.churn.closed),
      reopened: sum(parts, (part) => part.churn.reopened),
      failed: sum(parts, (part) => part.churn.failed),
    },
    throttled: parts.flatMap((part) => part.throttled),
    outages: mergeOutages(parts.flatMap((part) => part.outages)),
    generators: parts.flatMap((part) => part.generators),
  };
}

function sum<T>(rows: readonly T[], field: (row: T) => number): number {
  return rows.reduce((total, row) => total + field(row), 0);
}

function largest<T>(rows: readonly T[], field: (row: T) => number): number {
  return Math.max(...rows.map(field));
}

function merged(texts: readonly (HistogramText | undefined)[]): HistogramText {
  return encodeHistogram(mergeHistograms(texts.filter((text) => text !== undefined)));
}

function mergeRecorders(parts: readonly RecorderData[]): RecorderData {
  return {
    corrected: merged(parts.map((part) => part.corrected)),
    raw: merged(parts.map((part) => part.raw)),
    censored: sum(parts, (part) => part.censored),
  };
}

function mergeInstances(parts: readonly (readonly TrafficInstance[])[]): readonly TrafficInstance[] {
  const [first = []] = parts;
  return first.map(({ instance }, at) => {
    const rows = parts.flatMap((part) => part[at] ?? []);
    const total = (field: Exclude<keyof TrafficInstance, "instance" | "latency">) =>
      sum(rows, (row) => row[field]);
    return {
      instance,
      connections: total("connections"),
      lostConnections: total("lostConnections"),
      tried: total("tried"),
      sent: total("sent"),
      answered: total("answered"),
      duplicate: total("duplicate"),
      unanswered: total("unanswered"),
      delivered: total("delivered"),
      bytesSent: total("bytesSent"),
      bytesReceived: total("bytesReceived"),
      latency: mergeRecorders(rows.map((row) => row.latency)),
    };
  });
}

function mergeCells(parts: readonly (readonly CrossCell[])[]): readonly CrossCell[] {
  const [first = []] = parts;
  return first.map(({ from, to }, at) => {
    const cells = parts.flatMap((part) => part[at] ?? []);
    const ledger = addLedgers(cells.map((cell) => cell.ledger));
    return { from, to, ledger, latency: mergeRecorders(cells.map((cell) => cell.latency)) };
  });
}

function mergeSeconds(rows: readonly SecondRow[]): readonly SecondRow[] {
  const groups = Map.groupBy(rows, (row) => `${row.second} ${row.instance}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length === 1) return [first];
    return [{
      ...first,
      sent: sum(group, (row) => row.sent),
      received: sum(group, (row) => row.received),
      errors: sum(group, (row) => row.errors),
      latency: merged(group.map((row) => row.latency)),
    }];
  }).toSorted((a, b) => a.second - b.second);
}

function mergeConnects(parts: readonly ConnectResult[]): ConnectResult {
  return {
    asked: sum(parts, (part) => part.asked),
    open: sum(parts, (part) => part.open),
    failed: sum(parts, (part) => part.failed),
    neverTried: sum(parts, (part) => part.neverTried),
    retries: sum(parts, (part) => part.retries),
    tookMs: largest(parts, (part) => part.tookMs),
    tcp: merged(parts.map((part) => part.tcp)),
    upgrade: merged(parts.map((part) => part.upgrade)),
    ready: merged(parts.map((part) => part.ready)),
    firstMessage: merged(parts.map((part) => part.firstMessage)),
    ramp: mergeRamps(parts.map((part) => part.ramp)),
  };
}

/** A worker that is through keeps standing where it stood. */
function mergeRamps(ramps: readonly (readonly RampRow[])[]): readonly RampRow[] {
  const seconds = [...new Set(ramps.flat().map((row) => row.second))].sort((a, b) => a - b);
  return seconds.map((second) => {
    const rows = ramps.flatMap((ramp) => ramp.findLast((row) => row.second <= second) ?? []);
    return {
      second,
      asked: sum(rows, (row) => row.asked),
      open: sum(rows, (row) => row.open),
      failed: sum(rows, (row) => row.failed),
    };
  });
}

function mergeOutages(rows: readonly OutageRow[]): readonly OutageRow[] {
  return [...Map.groupBy(rows, (row) => row.instance).entries()].map(([instance, group]) => {
    const backs = group.flatMap((row) => row.lastBackMs ?? []);
    return {
      instance,
      firstLostMs: Math.min(...group.map((row) => row.firstLostMs)),
      lastLostMs: largest(group, (row) => row.lastLostMs),
      lost: sum(group, (row) => row.lost),
      reconnected: sum(group, (row) => row.reconnected),
      lastBackMs: backs.length === 0 ? undefined : Math.max(...backs),
    };
  });
}
