/** Rules about arrays. */
import { canonical } from "./canonical.ts";
import { keywordFault, takeNumber, takeRule, takeRules } from "./keyword.ts";
import type { Budget } from "./budget.ts";
import {
  type CompileInner,
  type JsonObject,
  type Problem,
  problem,
  type Rule,
  type RulesOf,
  within,
} from "./rule.ts";

type ArrayRule = (items: readonly unknown[], budget: Budget) => Problem | undefined;

export const arrayRules: RulesOf = (schema, unread, compile) => {
  const rules = [
    ...sizeRules(schema, unread),
    ...itemRules(schema, unread, compile),
    ...containsRules(schema, unread, compile),
    ...uniqueRules(schema, unread),
  ];
  return rules.map((rule): Rule => (value, budget) => Array.isArray(value) ? rule(value, budget) : undefined);
};

function sizeRules(schema: JsonObject, unread: Set<string>): readonly ArrayRule[] {
  const min = takeNumber(schema, unread, "minItems", 0);
  const max = takeNumber(schema, unread, "maxItems", 0);
  const rules: ArrayRule[] = [];
  if (min !== undefined) {
    rules.push(({ length }) => length < min ? problem(`want at least ${min} items`) : undefined);
  }
  if (max !== undefined) {
    rules.push(({ length }) => length > max ? problem(`want at most ${max} items`) : undefined);
  }
  return rules;
}

function itemRules(schema: JsonObject, unread: Set<string>, compile: CompileInner): readonly ArrayRule[] {
  // Draft 7 writes a tuple as a list of `items`, and what follows it as `additionalItems`.
  const isOld = Array.isArray(schema.items);
  const first = takeRules(schema, unread, isOld ? "items" : "prefixItems", compile) ?? [];
  const rest = takeRule(schema, unread, isOld ? "additionalItems" : "items", compile);
  if (first.length === 0 && rest === undefined) return [];
  return [(items, budget) => {
    for (const [at, item] of items.entries()) {
      const found = (first[at] ?? rest)?.(item, budget);
      if (found !== undefined) return within(at, found);
    }
  }];
}

function containsRules(schema: JsonObject, unread: Set<string>, compile: CompileInner): readonly ArrayRule[] {
  const rule = takeRule(schema, unread, "contains", compile);
  const min = takeNumber(schema, unread, "minContains", 0) ?? 1;
  const max = takeNumber(schema, unread, "maxContains", 0) ?? Infinity;
  if (rule === undefined) return [];
  return [(items, budget) => {
    const count = items.filter((item) => rule(item, budget) === undefined).length;
    if (count >= min && count <= max) return undefined;
    return problem(`want ${min} to ${max} items of the kind that it must contain`);
  }];
}

function uniqueRules(schema: JsonObject, unread: Set<string>): readonly ArrayRule[] {
  if (!unread.delete("uniqueItems")) return [];
  const { uniqueItems } = schema;
  if (typeof uniqueItems !== "boolean") throw keywordFault("uniqueItems", "want true or false");
  if (!uniqueItems) return [];
  return [(items, budget) => {
    budget.spend(items.length);
    const seen = new Set(items.map((item) => canonical(item, budget)));
    return seen.size === items.length ? undefined : problem("want no item twice");
  }];
}
