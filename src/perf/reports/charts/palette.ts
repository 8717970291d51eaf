/** Colours that people with any colour vision tell apart (Okabe and Ito's set), and dashes for those without. */

const COLOURS: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
  "#8c6d1f",
];

/** The colour of series `at`; they repeat after eight. */
export function colourOf(at: number): string {
  return COLOURS[at % COLOURS.length] ?? "#000000";
}

/** Fixed meanings, so that one colour says the same on every chart. */
export const inks = {
  text: "#222222",
  faint: "#5f6368",
  grid: "#e3e6ea",
  axis: "#80868b",
  failure: "#d55e00",
  throttle: "#e69f00",
  outage: "#d55e00",
  mark: "#6a51a3",
} as const;

/** Dashes beside colours: a series keeps its meaning on a grey print. */
export const dashes = { solid: undefined, dashed: "8 5", dotted: "2 4", dashDot: "10 4 2 4" } as const;

const HEAT_FROM = [237, 244, 251] as const;
const HEAT_TO = [8, 48, 107] as const;

/** A colour from light to dark for `share`, 0 to 1, and an ink that is readable on it. */
export function heatOf(share: number): { readonly fill: string; readonly ink: string } {
  const at = Math.min(1, Math.max(0, share));
  const channel = (index: 0 | 1 | 2) =>
    Math.round(HEAT_FROM[index] + (HEAT_TO[index] - HEAT_FROM[index]) * at).toString(16).padStart(2, "0");
  return { fill: `#${channel(0)}${channel(1)}${channel(2)}`, ink: at > 0.5 ? "#ffffff" : "#1a1a1a" };
}
