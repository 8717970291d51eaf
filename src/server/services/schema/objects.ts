/** Rules about objects. */
import type { Budget } from "./budget.ts";
import { keywordFault, namesOf, takeNumber, takeRule, takeRuleMap } from "./keyword.ts";
import { Pattern } from "./pattern.ts";
import {
  type CompileInner,
  isObject,
  type JsonObject,
  type Problem,
  problem,
  type Rule,
  type RulesOf,
  within,
} from "./rule.ts";

type ObjectRule = (object: JsonObject, budget: Budget) => Problem | undefined;

export const objectRules: RulesOf = (schema, unread, compile) => {
  const rules = [
    ...requiredRules(schema, unread),
    ...sizeRules(schema, unread),
    ...propertyRules(schema, unread, compile),
    ...nameRules(schema, unread, compile),
    ...dependentRules(schema, unread, compile),
  ];
  return rules.map((rule): Rule => (value, budget) => isObject(value) ? rule(value, budget) : undefined);
};

function requiredRules(schema: JsonObject, unread: Set<string>): readonly ObjectRule[] {
  return unread.delete("required") ? [hasAll(namesOf("required", schema.required))] : [];
}

function hasAll(names: readonly string[]): ObjectRule {
  return (object, budget) => {
    budget.spend(names.length / 4);
    const missing = names.find((name) => !Object.hasOwn(object, name));
    return missing === undefined ? undefined : problem(`want ${JSON.stringify(missing)}`);
  };
}

function sizeRules(schema: JsonObject, unread: Set<string>): readonly ObjectRule[] {
  const min = takeNumber(schema, unread, "minProperties", 0) ?? 0;
  const max = takeNumber(schema, unread, "maxProperties", 0) ?? Infinity;
  if (min === 0 && max === Infinity) return [];
  return [(object, budget) => {
    const count = Object.keys(object).length;
    budget.spend(count / 4);
    return count >= min && count <= max ? undefined : problem(`want ${min} to ${max} properties`);
  }];
}

function propertyRules(
  schema: JsonObject,
  unread: Set<string>,
  compile: CompileInner,
): readonly ObjectRule[] {
  const named = takeRuleMap(schema, unread, "properties", compile);
  const matching = [...takeRuleMap(schema, unread, "patternProperties", compile)]
    .map(([source, rule]) => ({ pattern: new Pattern(source), rule }));
  const rest = takeRule(schema, unread, "additionalProperties", compile);
  if (named.size === 0 && matching.length === 0 && rest === undefined) return [];
  return [(object, budget) => {
    for (const [name, value] of Object.entries(object)) {
      budget.spend(1);
      const own = named.get(name);
      const rules = matching.filter(({ pattern }) => pattern.matches(name, budget)).map(({ rule }) => rule);
      if (own !== undefined) rules.push(own);
      if (rules.length === 0 && rest !== undefined) rules.push(rest);
      const found = rules.map((rule) => rule(value, budget)).find((each) => each !== undefined);
      if (found !== undefined) return within(name, found);
    }
  }];
}

function nameRules(schema: JsonObject, unread: Set<string>, compile: CompileInner): readonly ObjectRule[] {
  const rule = takeRule(schema, unread, "propertyNames", compile);
  if (rule === undefined) return [];
  return [(object, budget) => {
    for (const name of Object.keys(object)) {
      const found = rule(name, budget);
      if (found !== undefined) return within(name, problem(`the name: ${found.text}`));
    }
  }];
}

function dependentRules(
  schema: JsonObject,
  unread: Set<string>,
  compile: CompileInner,
): readonly ObjectRule[] {
  const rules: [string, ObjectRule][] = [];
  if (unread.delete("dependentRequired")) {
    const { dependentRequired } = schema;
    if (!isObject(dependentRequired)) {
      throw keywordFault("dependentRequired", "want an object of lists of names");
    }
    for (const [name, names] of Object.entries(dependentRequired)) {
      rules.push([name, hasAll(namesOf("dependentRequired", names))]);
    }
  }
  rules.push(...takeRuleMap(schema, unread, "dependentSchemas", compile));
  return rules.map(([name, rule]) => (object, budget) =>
    Object.hasOwn(object, name) ? rule(object, budget) : undefined
  );
}
