/** Rules made of rules. */
import { takeRule, takeRules } from "./keyword.ts";
import { type CompileInner, firstOf, type JsonObject, problem, type Rule, type RulesOf } from "./rule.ts";

export const combiningRules: RulesOf = (schema, unread, compile) => {
  const rules: Rule[] = [...conditionRules(schema, unread, compile)];
  const all = takeRules(schema, unread, "allOf", compile);
  if (all !== undefined) rules.push((value, budget) => firstOf(all, value, budget));
  const any = takeRules(schema, unread, "anyOf", compile);
  if (any !== undefined) {
    rules.push(count(any, (fitting) => fitting >= 1, "want what fits one of several kinds"));
  }
  const one = takeRules(schema, unread, "oneOf", compile);
  if (one !== undefined) {
    rules.push(count(one, (fitting) => fitting === 1, "want what fits exactly one kind"));
  }
  const not = takeRule(schema, unread, "not", compile);
  if (not !== undefined) {
    rules.push((value, budget) => not(value, budget) ? undefined : problem("this kind is not allowed"));
  }
  return rules;
};

function count(rules: readonly Rule[], isRight: (fitting: number) => boolean, text: string): Rule {
  const fault = problem(text);
  return (value, budget) => {
    const fitting = rules.filter((rule) => rule(value, budget) === undefined).length;
    return isRight(fitting) ? undefined : fault;
  };
}

function conditionRules(schema: JsonObject, unread: Set<string>, compile: CompileInner): readonly Rule[] {
  const condition = takeRule(schema, unread, "if", compile);
  const then = takeRule(schema, unread, "then", compile);
  const otherwise = takeRule(schema, unread, "else", compile);
  if (condition === undefined) return [];
  return [(value, budget) => (condition(value, budget) === undefined ? then : otherwise)?.(value, budget)];
}
