/** The program: `deno run src/main.ts start`, `cluster`, `perf`, `config` or `token`. */
import { runCli } from "./app/cli.ts";

if (import.meta.main) Deno.exit(await runCli(Deno.args));
