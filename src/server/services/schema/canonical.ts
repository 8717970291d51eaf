import type { Budget } from "./budget.ts";

/** Characters of a text that cost one step. */
const CHARS_PER_STEP = 32;

/** A text that two JSON values share exactly when they are equal, whatever the order of their keys. */
export function canonical(value: unknown, budget: Budget): string {
  if (typeof value === "string") budget.spend(1 + value.length / CHARS_PER_STEP);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return budget.deeper(() => {
    if (Array.isArray(value)) return `[${value.map((item) => canonical(item, budget)).join(",")}]`;
    const entries = Object.entries(value).sort(([x], [y]) => x < y ? -1 : 1);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, budget)}`).join(",")}}`;
  });
}
