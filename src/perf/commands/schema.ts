/** `perf schema`: the JSON Schema of scenario files. */
import { scenarioSchemaText } from "../scenario/scenario_file.ts";
import { exitCodes } from "../truth/verdict.ts";
import type { PerfCommand } from "./command.ts";

/** The subcommand. */
export const schemaCommand: PerfCommand = {
  name: "schema",
  build: (command, context) => {
    command.description("print the JSON Schema of scenario files").action(() =>
      context.begin((world) => {
        world.out.write(scenarioSchemaText());
        return Promise.resolve(exitCodes.ok);
      })
    );
  },
};
