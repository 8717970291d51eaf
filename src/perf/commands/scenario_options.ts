/** Makes the content of a scenario file the defaults of a command's options: what is on the line beats it. */
import type { Command } from "commander";
import { isScenarioFile, readScenarioFile, type ScenarioFile } from "../scenario/scenario_file.ts";

/** Reads the file that `--scenario` names, if it names one. Throws UsageError for a file that cannot be used. */
export function applyScenarioFile(command: Command): void {
  const path: unknown = command.getOptionValue("scenario");
  if (typeof path !== "string" || !isScenarioFile(path)) return;
  const { $schema: _, preset = "light", name = baseName(path), ...fields } = readScenarioFile(path);
  command.setOptionValueWithSource("scenario", preset, "cli");
  setDefault(command, "name", name);
  for (const [field, value] of Object.entries(fields)) setDefault(command, field, value);
}

function setDefault(command: Command, field: string, value: ScenarioFile[keyof ScenarioFile]): void {
  if (command.getOptionValueSource(field) === "cli") return;
  const option = command.options.find((some) => some.attributeName() === field);
  const parsed = option?.parseArg === undefined || typeof value === "boolean"
    ? plainValue(field, value)
    : option.parseArg(textOf(value), undefined);
  command.setOptionValueWithSource(field, parsed, "config");
}

/** Options without a parser hold the text itself; `--hello` holds several. */
function plainValue(field: string, value: ScenarioFile[keyof ScenarioFile]): unknown {
  if (typeof value === "boolean") return value;
  return field === "hello" ? [value].flat() : textOf(value);
}

function textOf(value: ScenarioFile[keyof ScenarioFile]): string {
  if (!Array.isArray(value)) return String(value);
  return value.map((item) => typeof item === "string" ? item : `${item.duration}:${item.rate}`).join(",");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
}
