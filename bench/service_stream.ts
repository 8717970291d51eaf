/** One long stream from a provider on one node to a caller on another, with both nodes' memory on the way. */
import type { Centrifuge } from "centrifuge";
import { streams } from "../src/client/mod.ts";
import { type NodeProcess, rssOf } from "../src/testing/processes.ts";
import { Inspector } from "./inspector.ts";

/** Before the first mark: code is compiled, buffers have their size. */
const WARM_UP_ITEMS = 100_000;
const MARK_ITEMS = 100_000;
/** More than so much at the last mark than at the first, live or resident, in either node, is not flat. */
const MAX_GROWTH_MIB = 4;
const MIB = 1024 * 1024;

/** A node, and the port of its inspector. */
export interface InspectedNode {
  readonly name: string;
  readonly process: NodeProcess;
  readonly inspectPort: number;
}

interface Mark {
  readonly liveMiB: number;
  readonly residentMiB: number;
}

/** Reads `count` items after a warm-up, and says at each mark what the nodes hold once garbage is collected, at the end
 * whether that is flat. */
export async function measureStream(
  client: Centrifuge,
  nodes: readonly InspectedNode[],
  count: number,
): Promise<void> {
  const inspectors = await Promise.all(nodes.map(({ inspectPort }) => Inspector.open(inspectPort)));
  const look = async (when: string) => {
    const marks = await Promise.all(nodes.map((node, at) => markOf(node, inspectors[at])));
    const words = marks.map(({ liveMiB, residentMiB }, at) =>
      `${nodes[at]?.name} ${liveMiB.toFixed(2)} live, ${residentMiB.toFixed(0)} resident`
    );
    console.log(`${when.padStart(9)}: MiB of ${words.join("; ")}`);
    return marks;
  };
  try {
    await read(client, WARM_UP_ITEMS, () => Promise.resolve());
    const first = await look("warmed up");
    let last = first;
    const startMs = performance.now();
    await read(client, count, async (items) => void (last = await look(String(items))));
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`${count} items in ${seconds.toFixed(1)} s: ${Math.round(count / seconds)} items/s`);
    console.log(verdictOf(first, last, count));
  } finally {
    for (const inspector of inspectors) inspector[Symbol.dispose]();
  }
}

async function markOf({ process }: InspectedNode, inspector: Inspector | undefined): Promise<Mark> {
  const liveMiB = (await inspector?.liveBytes() ?? 0) / MIB;
  return { liveMiB, residentMiB: await rssOf(process.pid) / MIB };
}

async function read(client: Centrifuge, count: number, mark: (items: number) => Promise<void>) {
  let next = 0;
  for await (
    const item of streams<{ count(to: number): AsyncIterable<number> }>(client, "bench").count(count)
  ) {
    if (item !== next++) throw new Error(`Item ${next - 1} is ${item}`);
    if (next % MARK_ITEMS === 0 || next === count) await mark(next);
  }
  if (next !== count) throw new Error(`The stream ended after ${next} items of ${count}`);
}

function verdictOf(first: readonly Mark[], last: readonly Mark[], count: number): string {
  const growths = last.flatMap(({ liveMiB, residentMiB }, at) => [
    liveMiB - (first[at]?.liveMiB ?? 0),
    residentMiB - (first[at]?.residentMiB ?? 0),
  ]);
  const most = Math.max(...growths);
  const words = `grew by at most ${most.toFixed(2)} MiB over ${count} items, ${MAX_GROWTH_MIB} are allowed`;
  return most <= MAX_GROWTH_MIB ? `flat: ${words}` : `NOT flat: ${words}`;
}
