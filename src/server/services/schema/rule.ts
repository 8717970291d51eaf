import type { Budget } from "./budget.ts";

/** What is wrong with a value, and where: names and numbers that lead there from the outermost value. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Judges a value; undefined when there is nothing to say against it. May throw by its budget. */
export type Rule = (value: unknown, budget: Budget) => Problem | undefined;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A problem of the value itself. */
export function problem(text: string): Problem {
  return { path: [], text };
}

/** A problem that lies one step inside. */
export function within(step: string | number, found: Problem | undefined): Problem | undefined {
  return found === undefined ? undefined : { path: [step, ...found.path], text: found.text };
}

/** The first problem that one of `rules` has. */
export function firstOf(rules: readonly Rule[], value: unknown, budget: Budget): Problem | undefined {
  for (const rule of rules) {
    const found = rule(value, budget);
    if (found !== undefined) return found;
  }
}

/** Compiles a schema within another. */
export type CompileInner = (schema: unknown) => Rule;

/** Makes the rules of some keywords; removes from `unread` what it has read. */
export type RulesOf = (schema: JsonObject, unread: Set<string>, compile: CompileInner) => readonly Rule[];
