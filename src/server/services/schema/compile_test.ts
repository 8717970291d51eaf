import assert from "node:assert/strict";
// @cfworker/json-schema: another reading of the same standard, to be held against. Not for hostile schemas: it runs
// patterns by the engine of the language and bounds nothing.
import { type Schema, Validator } from "@cfworker/json-schema";
import { compileSchema } from "./compile.ts";

/** Schemas of every keyword that is known, and values that lie around their edges. */
const schemas: readonly unknown[] = [
  true,
  false,
  {},
  ...["null", "boolean", "number", "integer", "string", "array", "object"].map((type) => ({ type })),
  { type: ["string", "null"] },
  { const: { b: 1, a: [2] } },
  { const: 1 },
  { enum: [1, "1", null, [1], { a: 1 }] },
  { minimum: 1, maximum: 3 },
  { exclusiveMinimum: 1, exclusiveMaximum: 3 },
  { multipleOf: 0.1 },
  { multipleOf: 2 },
  { minLength: 1, maxLength: 2 },
  { pattern: "^a+$" },
  { pattern: "b" },
  { minItems: 1, maxItems: 2 },
  { items: { type: "number" } },
  { prefixItems: [{ type: "number" }, { type: "string" }], items: false },
  { prefixItems: [{ type: "number" }] },
  { contains: { const: 1 } },
  { contains: { const: 1 }, minContains: 2, maxContains: 3 },
  { contains: { const: 1 }, minContains: 0 },
  { uniqueItems: true },
  { uniqueItems: false },
  { required: ["a", "b"] },
  { properties: { a: { type: "number" }, b: { type: "string" } } },
  { properties: { a: true }, additionalProperties: false },
  { properties: { a: true }, additionalProperties: { type: "number" } },
  { patternProperties: { "^a": { type: "number" }, "b$": { type: "string" } }, additionalProperties: false },
  { propertyNames: { maxLength: 1 } },
  { minProperties: 1, maxProperties: 2 },
  { dependentRequired: { a: ["b"] } },
  { dependentSchemas: { a: { required: ["b"] } } },
  { allOf: [{ type: "number" }, { minimum: 2 }] },
  { anyOf: [{ type: "string" }, { minimum: 2 }] },
  { oneOf: [{ type: "number" }, { minimum: 2 }] },
  { not: { type: "number" } },
  { if: { type: "number" }, then: { minimum: 2 }, else: { type: "string" } },
  { if: { type: "number" }, then: false },
  { $defs: { n: { type: "number" } }, items: { $ref: "#/$defs/n" } },
  { $defs: { "a/b~c": { type: "number" } }, items: { $ref: "#/$defs/a~1b~0c" } },
  {
    $defs: { t: { properties: { t: { $ref: "#/$defs/t" } }, additionalProperties: false } },
    $ref: "#/$defs/t",
  },
  { items: { $ref: "#" }, type: ["array", "number"] },
];

const values: readonly unknown[] = [
  ...[null, true, false, 0, 1, 1.5, 2, 3, -1, 0.3, 1e300, "", "a", "b", "ab", "aaa", "🚀🚀", "🚀🚀🚀", "1"],
  ...[[], [1], [1, "a"], [1, 1], [1, 1, 1, 1], ["a"], [[1]], [[[1]]], [{ a: 1 }, { a: 1 }], [1, "1"]],
  ...[{}, { a: 1 }, { b: "x" }, { a: 1, b: "x" }, { a: "x", b: 1 }, { c: 1 }, { ab: 1 }, { b: 1, a: [2] }],
  ...[{ t: {} }, { t: { t: { u: 1 } } }, JSON.parse('{"__proto__": 1}'), { constructor: 1 }],
];

Deno.test("compileSchema() judges as another reading of the standard does, schema by schema and value by value", () => {
  for (const schema of schemas) {
    const check = compileSchema(schema);
    const other = new Validator(structuredClone(schema) as Schema | boolean, "2020-12");
    for (const value of values) {
      const wanted = other.validate(value).valid;
      const problem = check(value);
      assert.equal(
        problem === undefined,
        wanted,
        `${JSON.stringify(schema)} on ${JSON.stringify(value)}: ${problem}`,
      );
    }
  }
});

Deno.test("compileSchema() takes the tuples of draft 7", () => {
  const check = compileSchema({ items: [{ type: "number" }], additionalItems: { type: "string" } });
  assert.equal(check([1, "a"]), undefined);
  assert.equal(check([1, 2]), "args/1: want string");
});

Deno.test("compileSchema() says where the arguments are wrong, and how", () => {
  const check = compileSchema({ properties: { list: { items: { properties: { n: { minimum: 3 } } } } } });
  assert.equal(check({ list: [{ n: 3 }, { n: 2 }] }), "args/list/1/n: want at least 3");
});

Deno.test("compileSchema() refuses what is too large, leads outside or is not known, with 107", () => {
  const nested = (depth: number): unknown => depth === 0 ? {} : { not: nested(depth - 1) };
  const refused: readonly [unknown, RegExp][] = [
    [{ description: "x".repeat(16 * 1024) }, /16\d{3} characters, want at most 16384/],
    [nested(17), /more than 16 deep/],
    [{ $ref: "https://example.com/schema" }, /\$ref: want a place in the schema itself/],
    [{ $ref: "other#/x" }, /\$ref/],
    [{ $ref: "#/$defs/none" }, /there is nothing at/],
    [{ $ref: "#/constructor" }, /there is nothing at/],
    [{ $dynamicRef: "#x" }, /"\$dynamicRef" is not known/],
    [{ unevaluatedProperties: false }, /not known/],
    [{ pattern: "(a)\\1" }, /look-around and back references/],
    [{ pattern: "(?=a)" }, /look-around and back references/],
    [{ pattern: "((a{50}){50}){50}" }, /pattern/],
    [{ patternProperties: { "(": true } }, /pattern/],
    [{ $defs: { unused: { type: "nothing" } } }, /type: want/],
    [{ properties: [] }, /properties: want/],
    [{ minimum: "1" }, /minimum: want a number/],
    [{ items: 3 }, /as a schema/],
    [3, /as a schema/],
    [undefined, /as a schema/],
  ];
  nested(16);
  assert.doesNotThrow(() => compileSchema(nested(16)));
  for (const [schema, message] of refused) {
    assert.throws(() => compileSchema(schema), (error: Error & { code?: number }) => {
      assert.match(error.message, message);
      return error.code === 107;
    });
  }
});

Deno.test("an ArgsCheck ends soon with 413 whatever schema and arguments are up to", () => {
  const doubling = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [
    `d${i}`,
    { anyOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
  ]));
  const numbers = Array.from({ length: 20_000 }, (_, i) => [i]);
  const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
  const attacks: readonly [unknown, unknown][] = [
    [{ $defs: { ...doubling, d40: false }, $ref: "#/$defs/d0" }, 1],
    [{ $ref: "#" }, 1],
    [{ anyOf: [{ $ref: "#" }, { $ref: "#" }] }, 1],
    [{ items: { $ref: "#" } }, deep],
    [{ const: deep.slice(0, 0) }, deep],
    [{ pattern: "^(a+)+$" }, "a".repeat(2_000_000) + "!"],
    [{ allOf: Array.from({ length: 100 }, () => ({ uniqueItems: true })) }, numbers],
  ];
  for (const [schema, args] of attacks) {
    const check = compileSchema(schema);
    // The bound is of steps, not of time: without it each of these would go on for minutes.
    const startMs = performance.now();
    assert.throws(() => check(args), { code: 413 }, JSON.stringify(schema).slice(0, 100));
    assert.ok(performance.now() - startMs < 5_000, `${JSON.stringify(schema).slice(0, 100)} took too long`);
  }
  assert.match(compileSchema({ pattern: "^(a+)+$" })("a".repeat(50) + "!") ?? "", /want what matches/);
});
