/** What a drill is: a fault, under load, with figures. */

/** How large a drill is run. `short` is for every test run, `long` is what the documents quote. */
export interface DrillScale {
  readonly name: "short" | "long";
  readonly channels: number;
  readonly subscribersPerChannel: number;
  readonly ratePerChannel: number;
  /** Publishing before the fault and after everything stands again, in milliseconds. */
  readonly calmMs: number;
  /** What nodes are told in drills that outlast a declaration of death and need not show the usual times. */
  readonly set: Readonly<Record<string, number>>;
  /** A node that is silent for longer is dead, by {@linkcode DrillScale.set}. */
  readonly deadAfterMs: number;
}

/** Eighteen hundred deliveries a second at most: a test. */
export const shortScale: DrillScale = {
  name: "short",
  channels: 12,
  subscribersPerChannel: 3,
  ratePerChannel: 20,
  calmMs: 1_000,
  set: { beat_interval_ms: 400, node_suspect_ms: 1_000, node_dead_ms: 2_000 },
  deadAfterMs: 2_000,
};

/** Ten thousand deliveries a second. */
export const longScale: DrillScale = {
  name: "long",
  channels: 100,
  subscribersPerChannel: 5,
  ratePerChannel: 20,
  calmMs: 5_000,
  set: {},
  deadAfterMs: 5_000,
};

/** What a drill found: figures by name, units in the names. */
export type Figures = Readonly<Record<string, number | string>>;

/** One drill. It throws when a promise is broken; figures are printed either way. */
export interface Drill {
  /** As on the command line, such as `kill-node`. */
  readonly name: string;
  /** The fault, in a few words. */
  readonly fault: string;
  readonly run: (scale: DrillScale, report: (figures: Figures) => void) => Promise<void>;
}

/** One line for each figure. */
export function figureLines(drill: string, figures: Figures): readonly string[] {
  return Object.entries(figures).map(([name, value]) => `drill ${drill}: ${name} = ${value}`);
}
