/** Where to look next for the largest load that holds: step up until it breaks, then halve the gap, then confirm. */

/** How a load went. `unknown`: the run says nothing about the server. */
export type ProbeAnswer = "held" | "broken" | "unknown";

/** One load that was tried. */
export interface Probe {
  readonly load: number;
  readonly answer: ProbeAnswer;
}

/** How to look. */
export interface SearchPlan {
  readonly start: number;
  /** Nothing below or above is tried. */
  readonly min: number;
  readonly max: number;
  /** Step up and down until there is a gap to halve; above 1. */
  readonly factor: number;
  /** The gap between held and broken may stay this large, as a share: 0.05 is 5 %. */
  readonly precision: number;
  /** How often a load has to hold before it is believed. */
  readonly confirmations: number;
  /** Makes a load one that can be set: whole numbers of connections. */
  readonly round: (load: number) => number;
}

/** What to do next. */
export type SearchStep =
  | { readonly kind: "probe"; readonly load: number; readonly isConfirming: boolean }
  | { readonly kind: "done"; readonly result: SearchResult };

/** What was found. */
export interface SearchResult {
  /** The largest load that held each time; undefined when not even the smallest did. */
  readonly held: number | undefined;
  /** The smallest load above it that did not; undefined when none was found. */
  readonly broken: number | undefined;
  /** Why nothing above was tried: it broke, the search was bounded, the generator could not, too few samples. */
  readonly endedBy: "broken" | "max" | "generator" | "min" | "probes" | "samples";
  readonly confirmations: number;
}

/** A search that needs more is going in circles, on a machine that changes under it. */
const MAX_PROBES = 60;
/** A load that the generator could not make is tried again once. */
const MAX_UNKNOWN = 2;

/** Decides from all probes so far. Pure. */
export function nextProbe(probes: readonly Probe[], plan: SearchPlan): SearchStep {
  const lowestBad = Math.min(...badLoads(probes));
  const held = largestHeld(probes);
  if (probes.length >= MAX_PROBES) return done(probes, "probes");
  const last = probes.at(-1);
  const isUnmade = last?.answer === "unknown" && unknowns(probes, last.load) < MAX_UNKNOWN;
  if (isUnmade) return { kind: "probe", load: last.load, isConfirming: false };
  if (held === undefined) return firstHeld(probes, plan, lowestBad);
  const next = between(held, lowestBad, plan);
  if (next !== undefined) return { kind: "probe", load: next, isConfirming: false };
  if (timesHeld(probes, held) < plan.confirmations) return { kind: "probe", load: held, isConfirming: true };
  return done(probes, endOf(probes, held, lowestBad, plan));
}

/** Steps down until something holds. */
function firstHeld(probes: readonly Probe[], plan: SearchPlan, lowestBad: number): SearchStep {
  if (probes.length === 0) return { kind: "probe", load: plan.start, isConfirming: false };
  if (lowestBad <= plan.min) return done(probes, "min");
  const load = Math.max(plan.min, plan.round(lowestBad / plan.factor));
  return load >= lowestBad ? done(probes, "min") : { kind: "probe", load, isConfirming: false };
}

/** The next load above `held`, or undefined when the gap is small enough. */
function between(held: number, lowestBad: number, plan: SearchPlan): number | undefined {
  if (lowestBad === Number.POSITIVE_INFINITY) {
    const load = Math.min(plan.max, plan.round(held * plan.factor));
    return load > held ? load : undefined;
  }
  if (lowestBad / held <= 1 + plan.precision) return undefined;
  const load = plan.round(Math.sqrt(held * lowestBad));
  return load > held && load < lowestBad ? load : undefined;
}

function endOf(
  probes: readonly Probe[],
  held: number,
  lowestBad: number,
  plan: SearchPlan,
): SearchResult["endedBy"] {
  if (lowestBad !== Number.POSITIVE_INFINITY) {
    return loadsWith(probes, "broken").includes(lowestBad) ? "broken" : "generator";
  }
  return held >= plan.max ? "max" : "broken";
}

function done(probes: readonly Probe[], endedBy: SearchResult["endedBy"]): SearchStep {
  return { kind: "done", result: searchResult(probes, endedBy) };
}

/** What the probes say so far; for a search that is ended early, `endedBy` is `probes`. */
export function searchResult(probes: readonly Probe[], endedBy: SearchResult["endedBy"]): SearchResult {
  const held = largestHeld(probes);
  const broken = loadsWith(probes, "broken").filter((load) => held === undefined || load > held);
  return {
    held,
    broken: broken.length === 0 ? undefined : Math.min(...broken),
    endedBy,
    confirmations: held === undefined ? 0 : timesHeld(probes, held),
  };
}

/** The largest load that held each time, below all that did not. */
function largestHeld(probes: readonly Probe[]): number | undefined {
  const lowestBad = Math.min(...badLoads(probes));
  const loads = loadsWith(probes, "held").filter((load) => load < lowestBad);
  return loads.length === 0 ? undefined : Math.max(...loads);
}

/** Loads that cannot be taken: they broke at least once, or the generator could not make them. */
function badLoads(probes: readonly Probe[]): readonly number[] {
  const unmade = loadsWith(probes, "unknown").filter((load) => unknowns(probes, load) >= MAX_UNKNOWN);
  return [...loadsWith(probes, "broken"), ...unmade];
}

function loadsWith(probes: readonly Probe[], answer: ProbeAnswer): readonly number[] {
  return probes.filter((probe) => probe.answer === answer).map((probe) => probe.load);
}

function unknowns(probes: readonly Probe[], load: number): number {
  return probes.filter((probe) => probe.load === load && probe.answer === "unknown").length;
}

function timesHeld(probes: readonly Probe[], load: number): number {
  return probes.filter((probe) => probe.load === load && probe.answer === "held").length;
}
