import { ClientError } from "../../../core/errors.ts";
import { type CompileInner, isObject, type JsonObject, type Rule } from "./rule.ts";

/** Takes a number that is no less than `min`; undefined when the keyword is absent. Throws 107 for anything else. */
export function takeNumber(
  schema: JsonObject,
  unread: Set<string>,
  name: string,
  min = -Infinity,
): number | undefined {
  if (!unread.delete(name)) return undefined;
  const value = schema[name];
  if (typeof value === "number" && value >= min) return value;
  throw keywordFault(name, min === -Infinity ? "want a number" : `want a number of at least ${min}`);
}

/** Takes a schema. */
export function takeRule(
  schema: JsonObject,
  unread: Set<string>,
  name: string,
  compile: CompileInner,
): Rule | undefined {
  return unread.delete(name) ? compile(schema[name]) : undefined;
}

/** Takes a list of schemas. */
export function takeRules(
  schema: JsonObject,
  unread: Set<string>,
  name: string,
  compile: CompileInner,
): readonly Rule[] | undefined {
  if (!unread.delete(name)) return undefined;
  const value = schema[name];
  if (Array.isArray(value) && value.length > 0) return value.map(compile);
  throw keywordFault(name, "want a list of schemas");
}

/** Takes schemas by name. */
export function takeRuleMap(
  schema: JsonObject,
  unread: Set<string>,
  name: string,
  compile: CompileInner,
): ReadonlyMap<string, Rule> {
  if (!unread.delete(name)) return new Map();
  const value = schema[name];
  if (!isObject(value)) throw keywordFault(name, "want an object of schemas");
  return new Map(Object.entries(value).map(([key, inner]) => [key, compile(inner)]));
}

/** Reads a list of names. */
export function namesOf(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw keywordFault(name, "want a list of names");
}

/** 107 about one keyword. */
export function keywordFault(name: string, wanted: string): ClientError {
  return new ClientError("badRequest", { detail: `schema: ${name}: ${wanted}` });
}
