/** Says what a plan answers, what it assumes, and how far it is from anything measured. */
import { exitCodes } from "../truth/verdict.ts";
import { formatCount, formatRate } from "../units.ts";
import type { Interval } from "./bootstrap.ts";
import type { Findings, Table } from "./findings.ts";
import type { CapacityPlan, MeasuredCost, PlanDemand, PlanLimits } from "./plan.ts";

/** What the plan was made from. */
export interface PlanContext {
  /** Path of the report. */
  readonly from: string;
  /** Seconds that were measured there. */
  readonly measuredSeconds: number;
  readonly demand: PlanDemand;
  readonly limits: PlanLimits;
  readonly cost: MeasuredCost;
  /** Why the run it stands on proves little; undefined when it proves something. */
  readonly fault: string | undefined;
}

/** The findings of a plan. */
export function planFindings(plan: CapacityPlan, context: PlanContext): Findings {
  const { demand, cost, fault } = context;
  const isInvalid = fault !== undefined;
  const load = `${formatCount(demand.connections)} connections, ${formatRate(demand.perSec)}/s in`;
  return {
    kind: "plan",
    word: isInvalid ? "INVALID" : "DONE",
    exitCode: isInvalid ? exitCodes.invalid : exitCodes.ok,
    title: `plan · ${load} · from ${context.from}`,
    conclusion: isInvalid ? `Nothing can be planned from this run: ${fault}` : conclude(plan),
    tables: [answerTable(plan), modelTable(plan)],
    notes: [
      `Stands on one run of ${context.measuredSeconds} s: pattern ${cost.pattern}, ${cost.instances} nodes, ` +
      `${cost.cpuUs.estimate.toFixed(1)} us [${cost.cpuUs.low.toFixed(1)}, ${
        cost.cpuUs.high.toFixed(1)
      }] of their CPU ` +
      "for each answer or delivery, at that run's rate, machine and payload.",
      ...extrapolation(plan, cost),
      `Assumed: each client subscribed to ${demand.subscriptions} of ${
        formatCount(demand.channels)
      } channels, chosen ` +
      `for subscribing and publishing by Zipf's law with exponent ${demand.zipf}; clients spread evenly by chance; ` +
      `${(demand.churnPerSec * 100).toFixed(2)}% of them replaced each second.`,
      `Assumed: a node may use ${Math.round(context.limits.cpuShare * 100)}% of one core and ` +
      `${bytes(context.limits.nodeBytes)} for connections; a Redis shard carries ` +
      `${formatCount(context.limits.shardMessagesPerSec)} messages/s and ${
        bytes(context.limits.shardBytesPerSec)
      }/s: ` +
      "measure yours and set --shard-messages and --shard-bandwidth.",
      cost.hasMeasuredMemory
        ? "Memory per connection is from that run: resident memory less an empty node's, by connections."
        : "Memory per connection was not measured there (too few connections): 19.5 KB, from docs/perf.md, is assumed.",
      "The intervals hold for what was measured and for the spread of the model's worlds. That cost per message stays the " +
      "same at another scale, rate and payload is assumed, not known: run it at the largest size you can, and plan again.",
      "One node more than the load takes is in the number, so that one may die.",
    ],
    data: { plan, context },
  };
}

function conclude(plan: CapacityPlan): string {
  const { nodes, redisShards, memoryBytes, clientOutBytesPerSec } = plan;
  return `${formatCount(nodes.estimate)} nodes [${formatCount(nodes.low)}, ${
    formatCount(nodes.high)
  }], bound by ` +
    `${plan.boundBy}; ${redisShards} Redis shard${redisShards === 1 ? "" : "s"}; ${
      bytes(memoryBytes.estimate)
    } of memory ` +
    `for connections [${bytes(memoryBytes.low)}, ${bytes(memoryBytes.high)}]; ${
      bytes(clientOutBytesPerSec)
    }/s to clients.`;
}

/** As for a scaling curve: beyond twice what was measured nothing supports the numbers. */
function extrapolation({ nodes }: CapacityPlan, { instances }: MeasuredCost): readonly string[] {
  if (nodes.estimate <= 2 * instances) return [];
  return [
    `${formatCount(nodes.estimate)} nodes are ${
      (nodes.estimate / instances).toFixed(0)
    } times what was measured: an order ` +
    "of magnitude to begin with, no promise.",
  ];
}

function answerTable(plan: CapacityPlan): Table {
  const range = ({ low, high }: Interval, show: (value: number) => string) => `[${show(low)}, ${show(high)}]`;
  const fixed = (value: number) => value.toFixed(1);
  const row = (name: string, interval: Interval, show: (value: number) => string) => [
    name,
    show(interval.estimate),
    range(interval, show),
  ];
  return [
    ["", "ESTIMATE", "RANGE"],
    row("nodes, one to spare", plan.nodes, formatCount),
    row("nodes for CPU", plan.nodesForCpu, fixed),
    row("nodes for memory", plan.nodesForMemory, fixed),
    row("memory of connections", plan.memoryBytes, bytes),
    ["Redis shards", String(plan.redisShards), ""],
    ["Redis messages in and out", `${formatRate(plan.redisMessagesPerSec)}/s`, ""],
    ["Redis to nodes", `${bytes(plan.redisOutBytesPerSec)}/s`, ""],
    ["deliveries to clients", `${formatRate(plan.deliveriesPerSec)}/s`, ""],
    ["nodes to clients", `${bytes(plan.clientOutBytesPerSec)}/s`, ""],
  ];
}

function modelTable({ model }: CapacityPlan): Table {
  const row = (name: string, { estimate, low, high }: Interval) => [
    name,
    estimate.toFixed(2),
    `[${low.toFixed(2)}, ${high.toFixed(2)}]`,
  ];
  return [
    ["MODEL, 40 WORLDS", "MEAN", "95%"],
    row("subscribers of a publication", model.deliveries),
    row("nodes touched by a publication", model.nodesTouched),
    row("interest changes per second", model.interestChangesPerSec),
  ];
}

/** A size for people. */
export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let [value, at] = [count, 0];
  while (value >= 1_000 && at < units.length - 1) [value, at] = [value / 1_000, at + 1];
  return `${value.toFixed(value < 10 && at > 0 ? 1 : 0)} ${units[at]}`;
}
