/** All subcommands of `deno task perf`, in the order of the help. */
import type { PerfCommand } from "./command.ts";
import { compareCommand } from "./compare.ts";
import { doctorCommand } from "./doctor.ts";
import { drillCommand } from "./drill.ts";
import { planCommand } from "./plan.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { scaleCommand } from "./scale.ts";
import { schemaCommand } from "./schema.ts";
import { searchCommand } from "./search.ts";

/** The command table: a new subcommand is a file beside this one and a line here. */
export const perfCommands: readonly PerfCommand[] = [
  runCommand,
  compareCommand,
  scaleCommand,
  searchCommand,
  drillCommand,
  planCommand,
  doctorCommand,
  reportCommand,
  schemaCommand,
];
