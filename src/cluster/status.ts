/** `deno task cluster status`. */
import { windowSizeOf } from "../core/window_size.ts";
import { parseStatus } from "./control_protocol.ts";
import { type ClusterPlace, reachCluster, type ReachedCluster } from "./reach.ts";
import { type NodeView, renderTable, type TableSize } from "./table.ts";

const ANSWER_WITHIN_MS = 5_000;
/** Not a terminal: nothing is cut. */
const UNLIMITED: TableSize = { columns: 1_000, rows: 1_000 };

/** How the status is printed. */
export interface StatusOptions {
  /** One JSON object instead of a table. */
  readonly isJson: boolean;
}

/** Prints the nodes of a running cluster once. Answers 0 when all are ready, else 1. */
export async function clusterStatus(place: ClusterPlace, { isJson }: StatusOptions): Promise<number> {
  const reached = await reachCluster(place);
  if (reached === undefined) return 1;
  using line = reached.line;
  const views = await askStatus(reached);
  if (views === undefined) {
    console.error(`Cannot tell how the cluster is: its supervisor (pid ${line.pid}) gave no answer`);
    return 1;
  }
  const text = isJson
    ? JSON.stringify({ port: reached.port, pid: line.pid, nodes: views.map(row) })
    : renderTable(views, terminalSize()).join("\n");
  console.log(text);
  return views.every(({ state }) => state === "ready") ? 0 : 1;
}

/** The nodes as the supervisor of `line` sees them; undefined when it gives no answer within 5 s. */
export async function askStatus({ line }: ReachedCluster): Promise<readonly NodeView[] | undefined> {
  const deadline = setTimeout(() => line[Symbol.dispose](), ANSWER_WITHIN_MS);
  try {
    await line.send({ command: "status" });
    const { value } = await line.answers.next();
    return value === undefined ? undefined : parseStatus(value);
  } finally {
    clearTimeout(deadline);
  }
}

/** A node in the words of `GET /stats`. */
function row({ port, pid, state, restarts, numbers }: NodeView): Readonly<Record<string, unknown>> {
  return {
    port,
    pid: pid ?? null,
    node: numbers.node ?? null,
    state,
    restarts,
    connections: numbers.connections ?? null,
    messages_in_per_s: numbers.messagesInPerSec ?? null,
    messages_out_per_s: numbers.messagesOutPerSec ?? null,
    lag_ms: numbers.lagMs ?? null,
    rss_bytes: numbers.rssBytes ?? null,
  };
}

function terminalSize(): TableSize {
  if (!Deno.stdout.isTerminal()) return UNLIMITED;
  return { columns: windowSizeOf(Deno.consoleSize()).columns, rows: UNLIMITED.rows };
}
