import assert from "node:assert/strict";
import { removeCutCoverage } from "./cut_coverage.ts";

const whole = JSON.stringify({ url: "a.ts", functions: [{ ranges: [{ count: 1 }] }] }, undefined, 2);

Deno.test("removeCutCoverage() removes a file cut at any byte, and no whole one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/inner`);
    await Deno.writeTextFile(`${folder}/whole.json`, whole);
    await Deno.writeTextFile(`${folder}/inner/newline.json`, `${whole}\n`);
    for (let size = 0; size < whole.length; size++) {
      await Deno.writeTextFile(`${folder}/inner/${size}.json`, whole.slice(0, size));
    }
    assert.equal(await removeCutCoverage(folder), whole.length);
    assert.equal(await removeCutCoverage(folder), 0);
    const kept = await Array.fromAsync(Deno.readDir(`${folder}/inner`), ({ name }) => name);
    assert.deepEqual(kept, ["newline.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
