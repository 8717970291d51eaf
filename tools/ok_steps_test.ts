import assert from "node:assert/strict";
import { formatStep, okSteps } from "./ok_steps.ts";

Deno.test("okSteps() runs the tests once, with coverage, before it reads the coverage", () => {
  const steps = okSteps(["src/a.ts", "README.md"]);
  const names = steps.map((step) => step.name);
  assert.deepEqual(names, ["fmt", "lint", "types", "doc examples", "floors", "tests", "coverage"]);
  const running = steps.filter((step) => step.args.includes("test"));
  assert.deepEqual(running.map((step) => step.args.at(-1)), ["--coverage=coverage"]);
});

Deno.test("okSteps() checks code, and examples in code and in markdown", () => {
  const [, , types, examples] = okSteps(["src/a.ts", "README.md", "nginx.conf"]);
  assert.deepEqual(types?.args.slice(2), ["src/a.ts"]);
  assert.deepEqual(examples?.args.slice(3), ["src/a.ts", "README.md"]);
});

Deno.test("formatStep() shows the outcome and seconds", () => {
  assert.equal(formatStep("lint", false, 1_250), "FAILED lint               1.3 s");
});
