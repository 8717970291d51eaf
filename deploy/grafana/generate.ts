/** Writes the dashboards and the rules of Prometheus; with `--check` only tells whether they are what they would be. */
import { generatedFiles } from "./source/files.ts";

const root = new URL("../../", import.meta.url);
const isCheck = Deno.args.includes("--check");
let stale = 0;

for (const [path, text] of generatedFiles()) {
  const url = new URL(path, root);
  const found = await Deno.readTextFile(url).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (found === text) continue;
  stale++;
  if (isCheck) console.error(`${path} is stale: run deno task dashboards`);
  else {
    await Deno.writeTextFile(url, text);
    console.log(`wrote ${path}`);
  }
}
Deno.exit(isCheck && stale > 0 ? 1 : 0);
