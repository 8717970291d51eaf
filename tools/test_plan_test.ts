import assert from "node:assert/strict";
import { denoTestArgs, parseTestArgs, realFlags, selectTests, unitFlags } from "./test_plan.ts";

const files = [
  "README.md",
  "src/core/ids.ts",
  "src/core/ids_test.ts",
  "tests/node_test.ts",
  "tools/needs_test.ts",
];

Deno.test("parseTestArgs() takes options and filters in any order", () => {
  assert.deepEqual(parseTestArgs(["ids", "--coverage=coverage", "--yes", "tests/"]), {
    isYes: true,
    coverageDir: "coverage",
    filters: ["ids", "tests/"],
  });
});

Deno.test("parseTestArgs() refuses an unknown option and shows the usage", () => {
  assert.throws(() => parseTestArgs(["--watch"]), /Unknown option "--watch": use deno task test/);
});

Deno.test("selectTests() takes every test file without filters", () => {
  assert.deepEqual(selectTests(files, []), {
    unit: ["src/core/ids_test.ts", "tools/needs_test.ts"],
    real: ["tests/node_test.ts"],
  });
});

Deno.test("selectTests() takes files whose path has a filter", () => {
  assert.deepEqual(selectTests(files, ["src/core"]), { unit: ["src/core/ids_test.ts"], real: [] });
  assert.deepEqual(selectTests(files, ["node_test", "needs"]), {
    unit: ["tools/needs_test.ts"],
    real: ["tests/node_test.ts"],
  });
});

Deno.test("selectTests() looks for a filter in test names when no path has it", () => {
  const selection = selectTests(files, ["tests/", "parse() says a|b"]);
  assert.deepEqual(selection, {
    unit: [],
    real: ["tests/node_test.ts"],
    namePattern: "/parse\\(\\) says a\\|b/",
  });
});

Deno.test("denoTestArgs() never asks for rights and never gives all", () => {
  for (const flags of [unitFlags("/temp"), realFlags("/temp")]) {
    const args = denoTestArgs(flags, ["a_test.ts"], { coverageDir: "coverage", namePattern: "/x/" });
    assert.deepEqual(args.slice(0, 2), ["test", "--no-prompt"]);
    assert.deepEqual(args.slice(-4), [
      "--coverage=coverage",
      "--coverage-raw-data-only",
      "--filter=/x/",
      "a_test.ts",
    ]);
    assert.equal(args.includes("-A") || args.includes("--allow-all"), false);
  }
  assert.equal(unitFlags("/temp").some((flag) => /net|run|sys|write$/.test(flag)), false);
});
