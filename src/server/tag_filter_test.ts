import assert from "node:assert/strict";
import { parseTagFilter } from "./tag_filter.ts";

const tags = { a: "x", n: "5", text: "hello world", empty: "" };

Deno.test("parseTagFilter() reads every comparison", () => {
  const cases: readonly (readonly [Record<string, unknown>, boolean])[] = [
    [{ key: "a", cmp: "eq", val: "x" }, true],
    [{ key: "a", cmp: "eq", val: "y" }, false],
    [{ key: "no", cmp: "eq" }, false],
    [{ key: "empty", cmp: "eq" }, true],
    [{ key: "a", cmp: "neq", val: "y" }, true],
    [{ key: "no", cmp: "neq", val: "y" }, true],
    [{ key: "a", cmp: "in", vals: ["w", "x"] }, true],
    [{ key: "no", cmp: "in", vals: ["w", "x"] }, false],
    [{ key: "a", cmp: "nin", vals: ["w", "x"] }, false],
    [{ key: "no", cmp: "nin", vals: ["w"] }, true],
    [{ key: "a", cmp: "ex" }, true],
    [{ key: "toString", cmp: "ex" }, false],
    [{ key: "no", cmp: "nex" }, true],
    [{ key: "text", cmp: "sw", val: "hello" }, true],
    [{ key: "text", cmp: "ew", val: "world" }, true],
    [{ key: "text", cmp: "ct", val: "o w" }, true],
    [{ key: "text", cmp: "ct", val: "z" }, false],
    [{ key: "n", cmp: "lt", val: "10" }, true],
    [{ key: "n", cmp: "gt", val: "10" }, false],
    [{ key: "n", cmp: "gte", val: "5.0" }, true],
    [{ key: "n", cmp: "lte", val: "4.99" }, false],
    [{ key: "a", cmp: "gt", val: "1" }, false],
    [{ key: "empty", cmp: "gte", val: "0" }, false],
    [{ op: "and", nodes: [{ key: "a", cmp: "ex" }, { key: "n", cmp: "ex" }] }, true],
    [{ op: "and", nodes: [{ key: "a", cmp: "ex" }, { key: "no", cmp: "ex" }] }, false],
    [{ op: "or", nodes: [{ key: "no", cmp: "ex" }, { key: "n", cmp: "ex" }] }, true],
    [{ op: "not", nodes: [{ key: "no", cmp: "ex" }] }, true],
  ];
  for (const [node, wanted] of cases) {
    assert.equal(parseTagFilter(node).accepts(tags), wanted, JSON.stringify(node));
  }
});

Deno.test("parseTagFilter() refuses with 107 what it cannot read or what is too large", () => {
  const deep = Array.from({ length: 9 }).reduce<unknown>((node) => ({ op: "not", nodes: [node] }), {
    key: "a",
    cmp: "ex",
  });
  const leaf = { key: "a", cmp: "ex" };
  const wrong: readonly unknown[] = [
    1,
    [],
    {},
    { key: "", cmp: "ex" },
    { key: "a" },
    { key: "a", cmp: "constructor" },
    { key: "a", cmp: "eq", val: 1 },
    { key: "a", cmp: "lt", val: "many" },
    { key: "a", cmp: "in" },
    { key: "a", cmp: "in", vals: [1] },
    { op: "xor", nodes: [leaf] },
    { op: "and" },
    { op: "and", nodes: [] },
    { op: "not", nodes: [leaf, leaf] },
    { op: "or", nodes: Array(64).fill(leaf) },
    { key: "a", cmp: "eq", val: "x".repeat(9_000) },
    deep,
  ];
  for (const value of wrong) {
    assert.throws(() => parseTagFilter(value), { code: 107 }, JSON.stringify(value).slice(0, 80));
  }
});
