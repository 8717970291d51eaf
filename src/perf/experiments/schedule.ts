/** In which order the runs of an experiment take place, and how many there may be. */
import { seededRandom } from "../engine/seed.ts";

/** One run to come. */
export interface ScheduledRun {
  readonly side: "a" | "b";
  readonly pair: number;
}

/**
 * `pairs` pairs in the order A B B A A B ..., or its mirror; the seed decides which. A machine that grows slower through
 * the session then harms both sides alike, and runs of the same side stand next to each other as a measure of noise.
 */
export function abbaSchedule(pairs: number, seed: number): readonly ScheduledRun[] {
  const isMirrored = seededRandom(seed)() < 0.5;
  return Array.from({ length: pairs }, (_, pair): readonly ScheduledRun[] => {
    const startsWithB = (pair % 2 === 1) !== isMirrored;
    const sides = startsWithB ? (["b", "a"] as const) : (["a", "b"] as const);
    return sides.map((side) => ({ side, pair }));
  }).flat();
}

/** Of all runs this share may be faulty and repeated; more say that the machine or the load is wrong. */
const MAX_FAULTY_SHARE = 0.5;

/** How many runs may be begun for `planned` good ones. */
export function maxRuns(planned: number): number {
  return planned * (1 + MAX_FAULTY_SHARE);
}
