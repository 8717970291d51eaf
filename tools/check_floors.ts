/** Prints where src/ breaks the rules of its floors; ends with 1 when it does. Needs read rights only. */
import { checkFloors } from "./floors.ts";
import { readRepoTexts } from "./repo_files.ts";

if (import.meta.main) {
  const faults = checkFloors(await readRepoTexts((path) => path.startsWith("src/") && path.endsWith(".ts")));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) Deno.exit(1);
}
