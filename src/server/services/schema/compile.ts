/**
 * Turns a JSON Schema (2020-12, with the spellings of draft 7 for tuples) into a rule. The schema comes from a client and
 * is taken for hostile: it is bounded, refers to nothing outside itself, runs no generated code, and its rule spends
 * from a budget.
 */
import { ClientError } from "../../../core/errors.ts";
import { arrayRules } from "./arrays.ts";
import { Budget } from "./budget.ts";
import { combiningRules } from "./combining.ts";
import { objectRules } from "./objects.ts";
import { type CompileInner, isObject, type JsonObject, problem, type Rule, type RulesOf } from "./rule.ts";
import { valueRules } from "./values.ts";

const MAX_CHARS = 16 * 1024;
const MAX_DEPTH = 16;

/** Keywords that say nothing about which values are right. */
const annotations: ReadonlySet<string> = new Set([
  ...["$comment", "$schema", "$id", "title", "description", "default", "examples", "deprecated", "readOnly"],
  ...["writeOnly", "format", "contentEncoding", "contentMediaType", "contentSchema", "$defs", "definitions"],
]);

const families: readonly RulesOf[] = [valueRules, arrayRules, objectRules, combiningRules];

/** Judges arguments: undefined, or what is wrong with them. Throws 413 when finding that out costs too much. */
export type ArgsCheck = (args: unknown) => string | undefined;

/** Compiles the schema of a function's arguments. Throws 107 that says what is wrong with it. */
export function compileSchema(schema: unknown): ArgsCheck {
  checkBounds(schema);
  const rule = new Compiler(schema).compile(schema);
  return (args) => {
    const found = rule(args, new Budget());
    return found === undefined ? undefined : `${["args", ...found.path].join("/")}: ${found.text}`;
  };
}

class Compiler {
  readonly #root: unknown;
  /** Rules by the schema they were made of, so that a reference in a circle ends. */
  readonly #known = new Map<JsonObject, Rule>();

  constructor(root: unknown) {
    this.#root = root;
  }

  readonly compile: CompileInner = (schema) => {
    if (schema === true) return () => undefined;
    if (schema === false) return () => problem("nothing is allowed here");
    if (!isObject(schema)) throw fault("want an object, true or false as a schema");
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    let rules: readonly Rule[] = [];
    const rule: Rule = (value, budget) =>
      budget.deeper(() => {
        for (const each of rules) {
          const found = each(value, budget);
          if (found !== undefined) return found;
        }
      });
    this.#known.set(schema, rule);
    rules = this.#rulesOf(schema);
    return rule;
  };

  #rulesOf(schema: JsonObject): readonly Rule[] {
    const unread = new Set(Object.keys(schema));
    const rules = families.flatMap((rulesOf) => rulesOf(schema, unread, this.compile));
    if (unread.delete("$ref")) rules.push(this.compile(this.#target(schema.$ref)));
    for (const name of ["$defs", "definitions"]) this.#checkMap(schema[name]);
    for (const name of unread) {
      if (!annotations.has(name) && !name.startsWith("x-")) {
        throw fault(`keyword "${name}" is not known here`);
      }
    }
    return rules;
  }

  /** What nobody refers to is looked at too: a fault should not wait for a caller. */
  #checkMap(schemas: unknown): void {
    if (schemas === undefined) return;
    if (!isObject(schemas)) throw fault("$defs: want an object of schemas");
    for (const schema of Object.values(schemas)) this.compile(schema);
  }

  #target(reference: unknown): unknown {
    if (typeof reference !== "string" || !/^#(\/|$)/.test(reference)) {
      throw fault('$ref: want a place in the schema itself, like "#/$defs/name"');
    }
    let at: unknown = this.#root;
    for (const step of reference.split("/").slice(1)) {
      const name = unescapeStep(step);
      at = (isObject(at) || Array.isArray(at)) && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined;
    }
    if (at === undefined) throw fault(`$ref: there is nothing at ${JSON.stringify(reference)}`);
    return at;
  }
}

function unescapeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch (cause) {
    throw fault(`$ref: ${JSON.stringify(step)} is not well-formed`, cause);
  }
}

function checkBounds(schema: unknown): void {
  if (depthOf(schema, 0) > MAX_DEPTH) throw fault(`it is nested more than ${MAX_DEPTH} deep`);
  const chars = JSON.stringify(schema)?.length ?? 0;
  if (chars > MAX_CHARS) throw fault(`it has ${chars} characters, want at most ${MAX_CHARS}`);
}

/** How deep `value` is nested; stops looking past what is allowed, or the looking itself would go too deep. */
function depthOf(value: unknown, above: number): number {
  if (typeof value !== "object" || value === null || above > MAX_DEPTH) return above;
  let deepest = above;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, above + 1));
  return deepest;
}

function fault(text: string, cause?: unknown): ClientError {
  return new ClientError("badRequest", { detail: `schema: ${text}`, cause });
}
