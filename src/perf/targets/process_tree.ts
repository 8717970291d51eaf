/** CPU of a process and all that it started: a supervisor with its nodes and its hub. */
import { cat } from "./environment.ts";
import { sampleProcess } from "./proc_sample.ts";

/** More processes than a cluster here can have; a deeper tree is none of ours. */
const MAX_PROCESSES = 200;

/** CPU seconds so far of `pid` and its living descendants; undefined where there is no /proc. */
export async function treeCpuSeconds(pid: number): Promise<number | undefined> {
  const pids = await descendants(pid);
  const samples = await Promise.all(pids.map(sampleProcess));
  if (samples[0] === undefined) return undefined;
  return samples.reduce((sum, sample) => sum + (sample?.cpuSeconds ?? 0), 0);
}

async function descendants(root: number): Promise<readonly number[]> {
  const found = [root];
  for (let at = 0; at < found.length && found.length < MAX_PROCESSES; at++) {
    const text = await cat(`/proc/${found[at]}/task/${found[at]}/children`);
    found.push(...(text ?? "").split(" ").filter((word) => word.trim() !== "").map(Number));
  }
  return found;
}
