import assert from "node:assert/strict";
import { checkFloors } from "../tools/floors.ts";
import { readRepoTexts } from "../tools/repo_files.ts";

Deno.test("src/ has no climb, no ring, no way past a door and no package outside its folder", async () => {
  const texts = await readRepoTexts((path) => path.startsWith("src/") && path.endsWith(".ts"));
  const faults = checkFloors(texts);
  assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.join("\n")}`);
});
