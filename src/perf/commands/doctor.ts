/** `perf doctor`: what this machine can hold, before anything is tried. Changes nothing. */
import { exitCodes } from "../truth/verdict.ts";
import type { PerfCommand } from "./command.ts";

/** The subcommand. */
export const doctorCommand: PerfCommand = {
  name: "doctor",
  build: (command, context) => {
    command.description("say what this machine can hold, and what to change").action(() =>
      context.begin(() => Promise.resolve(exitCodes.ok))
    );
  },
};
