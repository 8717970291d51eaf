/** Says whether the model of `perf plan` holds. */
import { exitCodes } from "../truth/verdict.ts";
import type { Interval } from "./bootstrap.ts";
import type { Findings } from "./findings.ts";
import type { CheckRequest, CheckRow } from "./plan_check.ts";

/** Beside the range of its worlds a prediction may be this far off. */
const TOLERANCE = 0.05;

/** The findings of a check. */
export function checkFindings(
  rows: readonly CheckRow[],
  { use, publications, sizes, payloadBytes }: CheckRequest,
  wasInterrupted: boolean,
): Findings {
  const wrong = rows.filter((row) => !isPredicted(row));
  const verdict = wasInterrupted
    ? { word: "INTERRUPTED", exitCode: exitCodes.interrupted } as const
    : wrong.length > 0
    ? { word: "FAIL", exitCode: exitCodes.slo } as const
    : { word: "DONE", exitCode: exitCodes.ok } as const;
  const done = rows.map((row) => row.nodes).join(", ");
  return {
    kind: "plan",
    ...verdict,
    title: `plan --check · ${
      sizes.join(", ")
    } nodes · ${use.connections} clients · ${publications} publications`,
    conclusion: rows.length === 0
      ? "Ended before any size was checked."
      : wrong.length === 0
      ? `The model agrees with clusters of ${done} nodes.`
      : `The model is wrong for ${wrong.map((row) => row.nodes).join(", ")} nodes: do not plan with it.`,
    tables: [[
      ["NODES", "TOUCHED", "PREDICTED", "DELIVERIES", "PREDICTED", "COMMANDS", "B TO REDIS", "B FROM REDIS"],
      ...rows.map((row) => [
        String(row.nodes),
        row.nodesTouched.toFixed(2),
        range(row.predicted.nodesTouched),
        row.deliveries.toFixed(2),
        range(row.predicted.deliveries),
        row.commands.toFixed(2),
        row.bytesToRedis.toFixed(0),
        row.bytesFromRedis.toFixed(0),
      ]),
    ]],
    notes: [
      `${use.connections} clients, ${use.subscriptions} of ${use.channels} channels each, Zipf exponent ${use.zipf}, ` +
      `payload ${payloadBytes} bytes; nodes touched is what Redis told the nodes, deliveries what the clients got.`,
      "Commands and bytes are those of all nodes for each publication, less what the cluster sends when idle.",
      "A prediction holds when what was measured lies in the range of 95% of the model's worlds, widened by 5%.",
    ],
    data: { rows, use, publications, payloadBytes },
  };
}

/** Whether both predictions hold for this size. */
export function isPredicted(row: CheckRow): boolean {
  const holds = (measured: number, { low, high }: Interval) =>
    measured >= low * (1 - TOLERANCE) && measured <= high * (1 + TOLERANCE);
  return holds(row.nodesTouched, row.predicted.nodesTouched) &&
    holds(row.deliveries, row.predicted.deliveries);
}

function range({ estimate, low, high }: Interval): string {
  return `${estimate.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
