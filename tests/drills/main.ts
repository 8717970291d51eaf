/** `deno task drill [--short] [name...]`: the fault drills in their long form, with figures. Ctrl-C ends the current one. */
import { drills } from "./mod.ts";
import { type Drill, figureLines, longScale, shortScale } from "./drill.ts";

async function main(words: readonly string[]): Promise<number> {
  const isShort = words.includes("--short");
  const names = words.filter((word) => !["--short", "--help"].includes(word));
  const unknown = names.filter((name) => !drills.some((drill) => drill.name === name));
  if (unknown.length > 0 || words.includes("--help")) return explain(unknown);
  const wanted = drills.filter(({ name }) => names.length === 0 || names.includes(name));
  const failed: string[] = [];
  for (const drill of wanted) {
    if (!await passes(drill, isShort)) failed.push(drill.name);
  }
  console.log(
    `\n${wanted.length - failed.length} drills passed, ${failed.length} failed${
      failed.length > 0 ? `: ${failed.join(", ")}` : ""
    }`,
  );
  return failed.length > 0 ? 1 : 0;
}

async function passes(drill: Drill, isShort: boolean): Promise<boolean> {
  console.log(`\n${drill.name}: ${drill.fault}`);
  const startMs = performance.now();
  try {
    await drill.run(isShort ? shortScale : longScale, (figures) => {
      for (const line of figureLines(drill.name, figures)) console.log(line);
    });
    console.log(`${drill.name}: passed in ${Math.round((performance.now() - startMs) / 1_000)} s`);
    return true;
  } catch (error) {
    console.error(`${drill.name}: FAILED`, error);
    return false;
  }
}

function explain(unknown: readonly string[]): number {
  if (unknown.length > 0) console.error(`No such drill: ${unknown.join(", ")}`);
  console.log("Use: deno task drill [--short] [name...]\n\nDrills:");
  for (const { name, fault } of drills) console.log(`  ${name.padEnd(24)} ${fault}`);
  return unknown.length > 0 ? 2 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
