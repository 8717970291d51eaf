/** A list in the answer of a script. Throws `TypeError` when script and reader disagree, as the others here do. */
export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot read script answer: want a list, have ${typeof value}`);
}

/** A text in the answer of a script. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`Cannot read script answer: want a text, have ${typeof value}`);
}

/** A number in the answer of a script; scores arrive as text. */
export function asNumber(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && !Number.isNaN(number)) return number;
  throw new TypeError(`Cannot read script answer: want a number, have ${typeof value}`);
}
