import assert from "node:assert/strict";
import { envExample, optionTables, REFRESH_COMMAND, withOptionTables } from "./docs.ts";
import { valueOfText } from "./source.ts";
import { configSchema, infoOf, isOptionName, optionGroups, optionNames } from "./schema.ts";
import { optionOfEnvName } from "./names.ts";

async function inRepo(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

Deno.test("docs/configuration.md holds the tables that the schema prints", async () => {
  const page = await inRepo("docs/configuration.md");
  assert.ok(
    page === withOptionTables(page),
    `docs/configuration.md is not of the schema; refresh it: ${REFRESH_COMMAND}`,
  );
});

Deno.test(".env.example is what the schema prints", async () => {
  assert.ok(
    await inRepo(".env.example") === envExample(),
    `.env.example is not of the schema; refresh it: ${REFRESH_COMMAND}`,
  );
});

Deno.test("optionTables() has one row for every option", () => {
  const tables = optionTables();
  for (const name of optionNames) assert.equal(tables.split(`\n| \`${name}\` |`).length, 2, name);
  assert.deepEqual(optionGroups.flatMap(({ names }) => names), optionNames);
});

Deno.test("envExample() shows for every option a value that resolves to its default", () => {
  const shown = envExample().split("\n").flatMap((line) => {
    const [, variable = "", text = ""] = /^#(SHOAL_\w+)=(.*)$/.exec(line) ?? [];
    const name = optionOfEnvName(variable) ?? "";
    return isOptionName(name) ? [[name, text] as const] : [];
  });
  assert.deepEqual(shown.map(([name]) => name), optionNames);
  for (const [name, text] of shown) {
    const value = text === "" ? undefined : valueOfText(text, infoOf(name).kind);
    const schema = configSchema.shape[name];
    assert.deepEqual(schema.parse(value), schema.parse(undefined), name);
  }
});

Deno.test("withOptionTables() keeps what is outside the markers and refuses a page without them", () => {
  const page = "above\n<!-- options: begin -->\nold\n<!-- options: end -->\nbelow";
  const fresh = withOptionTables(page);
  assert.ok(fresh.startsWith("above\n") && fresh.endsWith("\nbelow") && !fresh.includes("\nold\n"));
  assert.throws(() => withOptionTables("no markers"), TypeError);
});
