/** CPU and memory of a local process, from /proc. */
import { cat } from "./environment.ts";

/** One look at a process. */
export interface ProcSample {
  /** CPU time so far, seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Clock ticks per second: fixed on Linux for user space. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/** Looks at process `pid`; undefined when there is none, or no /proc. */
export async function sampleProcess(pid: number): Promise<ProcSample | undefined> {
  const stat = await cat(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseProcStat(stat);
}

/** Reads /proc/PID/stat. The name in parentheses may hold anything, so fields count from the last one. */
export function parseProcStat(stat: string): ProcSample | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system, pages] = [Number(fields[11]), Number(fields[12]), Number(fields[21])];
  if ([user, system, pages].some(Number.isNaN)) return undefined;
  return { cpuSeconds: (user + system) / TICKS_PER_SECOND, rssBytes: pages * PAGE_BYTES };
}
