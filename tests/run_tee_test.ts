import assert from "node:assert/strict";
import { survivors } from "../src/testing/test_process.ts";
import { until } from "../src/testing/waiting.ts";
import { LineFinder } from "../tools/line_finder.ts";
import { repoRoot } from "../tools/repo_files.ts";
import { type RunOptions, runTee } from "../tools/run_tee.ts";

/** Starts two programs that would outlive it, says their pids, and hangs. */
const HANGING = `
  const pids = ["60", "61"].map((s) => new Deno.Command("sleep", { args: [s], stdout: "inherit" }).spawn().pid);
  console.log("pids " + pids.join(" "));
  await Deno.stdout.write(new TextEncoder().encode("the slow test ... "));
  await new Promise((go) => setTimeout(go, 60_000));
`;

const bounds: readonly [string, Partial<RunOptions>, RegExp][] = [
  ["at its time limit", { timeoutMs: 1_500 }, /^it took longer than 1.5 s$/],
  ["that has fallen silent", { silenceMs: 1_500 }, /^it said nothing for 1.5 s$/],
];

for (const [when, bound, because] of bounds) {
  Deno.test(`runTee() ends a program ${when} with all that it has started, and knows its last words`, async () => {
    const finder = new LineFinder(/^pids /);
    const options = { cwd: repoRoot, env: {}, finders: [finder], timeoutMs: 30_000, silenceMs: 30_000 };
    const result = await runTee(Deno.execPath(), ["eval", HANGING], { ...options, ...bound });
    assert.match(result.cutBecause ?? "", because);
    assert.equal(finder.lastLine, "the slow test ...");
    const pids = finder.lastMatch.split(" ").slice(1).map(Number);
    assert.equal(pids.length, 2, "it had not come to starting them");
    await until("all have ended", async () => (await survivors(pids)).length === 0);
  });
}

Deno.test("runTee() says nothing of a cut when a program ends by itself", async () => {
  const options = { cwd: repoRoot, env: {}, finders: [], timeoutMs: 30_000, silenceMs: 30_000 };
  assert.deepEqual(await runTee(Deno.execPath(), ["eval", "Deno.exit(3)"], options), {
    code: 3,
    cutBecause: undefined,
  });
});
