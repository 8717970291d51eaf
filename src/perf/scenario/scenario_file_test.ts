import assert from "node:assert/strict";
import { checkScenarioFile, scenarioSchemaText } from "./scenario_file.ts";

Deno.test("checkScenarioFile() names every fault with its place", () => {
  assert.throws(
    () => checkScenarioFile({ clients: -5, modle: "open", stages: [{ duration: "1s" }] }, "a.json"),
    (error: Error) =>
      /clients/.test(error.message) && /modle/.test(error.message) && /stages\.0\.rate/.test(error.message),
  );
});

Deno.test("docs/perf-scenario.schema.json is the schema that files are checked with", async () => {
  const path = new URL("../../../docs/perf-scenario.schema.json", import.meta.url);
  const published = JSON.parse(await Deno.readTextFile(path));
  assert.deepEqual(
    published,
    JSON.parse(scenarioSchemaText()),
    "run: deno task perf schema > docs/perf-scenario.schema.json",
  );
});
