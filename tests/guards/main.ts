/**
 * `deno task guards [number...]`: takes each guard of the load tester out, in a copy of the tree, and sees its test fail;
 * before that the test has to pass. Exits with 1 when a test passes without its guard.
 */
import { listRepoFiles, repoRoot } from "../../tools/repo_files.ts";
import { cut, type Guard, guards } from "./guards.ts";

const decoder = new TextDecoder();

async function main(words: readonly string[]): Promise<number> {
  const wanted = guards.filter(({ number }) => words.length === 0 || words.includes(String(number)));
  if (wanted.length === 0) {
    console.error(`No guard has the number ${words.join(", ")}: there are 1 to ${guards.length}`);
    return 2;
  }
  const tree = await Deno.makeTempDir({ prefix: "shoal-guards-" });
  try {
    await copyTree(tree);
    let kept = 0;
    for (const guard of wanted) kept += await isProven(guard, tree) ? 1 : 0;
    console.log(`\n${kept} of ${wanted.length} guards are proven by their tests`);
    return kept === wanted.length ? 0 : 1;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

async function copyTree(tree: string): Promise<void> {
  for (const file of await listRepoFiles()) {
    await Deno.mkdir(`${tree}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(new URL(file, repoRoot), `${tree}/${file}`);
  }
}

/** Whether the test passes with the guard and fails without it. */
async function isProven(guard: Guard, tree: string): Promise<boolean> {
  const path = `${tree}/${guard.file}`;
  const whole = await Deno.readTextFile(path);
  const holds = await passes(guard, tree);
  await Deno.writeTextFile(path, cut(whole, guard));
  const holdsWithout = await passes(guard, tree);
  await Deno.writeTextFile(path, whole);
  const isProven = holds && !holdsWithout;
  const why = holds ? "its test passes without it" : "its test fails with it";
  console.log(`${isProven ? "ok  " : "FAIL"} ${guard.number}. ${guard.lie}${isProven ? "" : `: ${why}`}`);
  return isProven;
}

/** Runs the test. Throws when it did not run at all: a fault of the cut must not count as a failed test. */
async function passes({ test, filter }: Guard, cwd: string): Promise<boolean> {
  const args = ["test", "--no-prompt", "--no-check", "--allow-all", `--filter=${filter}`, test];
  const output = await new Deno.Command(Deno.execPath(), { args, cwd, env: { NO_COLOR: "1" } }).output();
  const text = decoder.decode(output.stdout) + decoder.decode(output.stderr);
  if (!/[1-9]\d* (?:passed|failed)/.test(text)) {
    throw new Error(`The test did not run:\n${text.slice(-2_000)}`);
  }
  return output.success;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
