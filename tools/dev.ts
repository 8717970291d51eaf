/** `deno task dev [option...]`: one node, started again when its source changes; what only asks is answered once. */
import { onEndSignals } from "./process_group.ts";
import { repoRoot } from "./repo_files.ts";

/** These end at once with an answer; a watcher would wait for the next change of the source. */
const questions: readonly string[] = ["--help", "-h", "--version", "-V"];

async function main(words: readonly string[]): Promise<number> {
  const watch = words.some((word) => questions.includes(word)) ? [] : ["--watch"];
  const rights = ["--allow-net", "--allow-env", "--allow-read=."];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...watch, ...rights, "src/main.ts", "start", ...words],
    cwd: repoRoot,
  }).spawn();
  // The one signal that ends a watcher too; at any other only the node would end.
  using _ = onEndSignals(() => child.kill("SIGINT"));
  return (await child.status).code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
