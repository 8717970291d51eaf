/** Rules about a value alone: type, const, enum; numbers; texts. */
import { Budget } from "./budget.ts";
import { canonical } from "./canonical.ts";
import { keywordFault, takeNumber } from "./keyword.ts";
import { Pattern } from "./pattern.ts";
import { type JsonObject, problem, type Rule, type RulesOf } from "./rule.ts";

const TYPES: ReadonlySet<unknown> = new Set([
  ...["null", "boolean", "number", "integer", "string", "array", "object"],
]);
const CHARS_PER_STEP = 32;
/** Where a number is a multiple of another but for the error of binary fractions. */
const TOLERANCE = 1e-9;

export const valueRules: RulesOf = (schema, unread) => [
  ...typeRules(schema, unread),
  ...equalRules(schema, unread),
  ...numberRules(schema, unread),
  ...textRules(schema, unread),
];

function typeRules(schema: JsonObject, unread: Set<string>): readonly Rule[] {
  if (!unread.delete("type")) return [];
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types.length === 0 || !types.every((type) => TYPES.has(type))) {
    throw keywordFault("type", `want one or some of ${[...TYPES].join(", ")}`);
  }
  const fault = problem(`want ${types.join(" or ")}`);
  return [(value) => types.some((type) => hasType(value, type)) ? undefined : fault];
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeName(value) === type;
  }
}

function equalRules(schema: JsonObject, unread: Set<string>): readonly Rule[] {
  const rules: Rule[] = [];
  if (unread.delete("const")) rules.push(oneOfValues([schema.const]));
  if (unread.delete("enum")) {
    if (!Array.isArray(schema.enum)) throw keywordFault("enum", "want a list");
    rules.push(oneOfValues(schema.enum));
  }
  return rules;
}

function oneOfValues(values: readonly unknown[]): Rule {
  const wanted = new Set(values.map((value) => canonical(value, new Budget())));
  const fault = problem(`want ${[...wanted].join(" or ").slice(0, 200)}`);
  return (value, budget) => wanted.has(canonical(value, budget)) ? undefined : fault;
}

function numberRules(schema: JsonObject, unread: Set<string>): readonly Rule[] {
  const rules: Rule[] = [];
  const add = (name: string, isRight: (value: number, bound: number) => boolean, words: string) => {
    const bound = takeNumber(schema, unread, name);
    if (bound === undefined) return;
    const fault = problem(`want ${words} ${bound}`);
    rules.push((value) => typeof value !== "number" || isRight(value, bound) ? undefined : fault);
  };
  add("minimum", (value, bound) => value >= bound, "at least");
  add("maximum", (value, bound) => value <= bound, "at most");
  add("exclusiveMinimum", (value, bound) => value > bound, "more than");
  add("exclusiveMaximum", (value, bound) => value < bound, "less than");
  if (unread.has("multipleOf") && !(Number(schema.multipleOf) > 0)) {
    throw keywordFault("multipleOf", "want more than 0");
  }
  add("multipleOf", isMultiple, "a multiple of");
  return rules;
}

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) <= TOLERANCE * Math.max(1, Math.abs(quotient));
}

function textRules(schema: JsonObject, unread: Set<string>): readonly Rule[] {
  const rules: Rule[] = [];
  const add = (name: string, isRight: (length: number, bound: number) => boolean, words: string) => {
    const bound = takeNumber(schema, unread, name, 0);
    if (bound === undefined) return;
    const fault = problem(`want ${words} ${bound} characters`);
    rules.push((value, budget) => {
      if (typeof value !== "string") return undefined;
      budget.spend(value.length / CHARS_PER_STEP);
      return isRight(lengthOf(value), bound) ? undefined : fault;
    });
  };
  add("minLength", (length, bound) => length >= bound, "at least");
  add("maxLength", (length, bound) => length <= bound, "at most");
  if (unread.delete("pattern")) rules.push(patternRule(schema.pattern));
  return rules;
}

function patternRule(source: unknown): Rule {
  const pattern = new Pattern(source);
  const fault = problem(`want what matches ${source}`);
  return (value, budget) => typeof value !== "string" || pattern.matches(value, budget) ? undefined : fault;
}

/** Code points, as the specification counts. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function typeName(value: unknown): string {
  return typeof value;
}
