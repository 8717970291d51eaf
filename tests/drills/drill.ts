/** What a drill is: a fault, under load, with figures. */

/** How large a drill is run. `short` is for every test run, `long` is what the documents quote. */
export interface DrillScale {
  readonly name: "short" | "long";
  readonly channels: number;
  readonly subscribersPerChannel: number;
  readonly ratePerChannel: number;
  /** Publishing before the fault and after everything stands again, in milliseconds. */
  readonly calmMs: number;
}

/** Eighteen hundred deliveries a second at most: a test. */
export const shortScale: DrillScale = {
  name: "short",
  channels: 12,
  subscribersPerChannel: 3,
  ratePerChannel: 20,
  calmMs: 1_500,
};

/** Ten thousand deliveries a second. */
export const longScale: DrillScale = {
  name: "long",
  channels: 100,
  subscribersPerChannel: 5,
  ratePerChannel: 20,
  calmMs: 5_000,
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
