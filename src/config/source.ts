/** Turns flags, environment and file contents into layers of one shape; none of them judges a value yet. */
import * as supervision from "../core/supervision.ts";
import { type Fault, sourceFault, unknownFault } from "./fault.ts";
import { envName, optionOfEnvName } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { OptionKind } from "./option.ts";
import { infoOf, isOptionName, type OptionName, optionNames } from "./schema.ts";

/** Variables that other tools set by habit; `SHOAL_<OPTION>` wins over them. */
export const shortVariables: Readonly<Record<string, OptionName>> = {
  PORT: "port",
  HOST: "host",
  REDIS_URL: "redis_url",
  LOG_LEVEL: "log_level",
};

/** Names the configuration file, as `--config` does. */
export const FILE_VARIABLE = "SHOAL_CONFIG";

/** Variables that pass between our own processes and are no options. */
const internalVariables: ReadonlySet<unknown> = new Set(Object.values(supervision));

/** A value before it is judged, and the name of the place it came from. */
export interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** What one source gives, and what in it names no option. */
export interface Layer {
  readonly given: ReadonlyMap<OptionName, Given>;
  readonly faults: readonly Fault[];
}

/** One option set on the command line: its name, its text and the flag as the user wrote it. */
export interface Flag {
  readonly name: string;
  readonly text: string;
  readonly source: string;
}

/** Reads flags. A secret among them is a fault: other users of the machine can read command lines. */
export function flagLayer(flags: readonly Flag[]): Layer {
  const given = new Map<OptionName, Given>();
  const faults: Fault[] = [];
  for (const { name, text, source } of flags) {
    if (!isOptionName(name)) faults.push(unknownFault(name, source, nearest(name, optionNames)));
    else if (infoOf(name).secrecy === "whole") faults.push(secretFlagFault(name, source));
    else given.set(name, { value: valueOfText(text, infoOf(name).kind), source });
  }
  return { given, faults };
}

/** Reads the environment; an empty variable is as good as none, since container tools cannot leave one out. */
export function envLayer(env: Readonly<Record<string, string>>): Layer {
  const given = new Map<OptionName, Given>();
  const faults: Fault[] = [];
  const take = (name: OptionName, variable: string): void => {
    const text = env[variable];
    if (text) given.set(name, { value: valueOfText(text, infoOf(name).kind), source: variable });
  };
  for (const [variable, name] of Object.entries(shortVariables)) take(name, variable);
  for (const variable of Object.keys(env).filter(isOurs)) {
    const name = optionOfEnvName(variable) ?? "";
    if (isOptionName(name) && envName(name) === variable) take(name, variable);
    else faults.push(unknownVariable(variable));
  }
  return { given, faults };
}

/** Reads what a JSON file, or a caller in TypeScript, gives; `source` names it in faults. */
export function objectLayer(content: unknown, source: string): Layer {
  const given = new Map<OptionName, Given>();
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return { given, faults: [sourceFault(source, `Cannot use ${source}: want one JSON object of options`)] };
  }
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(content)) {
    if (!isOptionName(name)) faults.push(unknownFault(name, source, nearest(name, optionNames)));
    else if (value !== undefined) given.set(name, { value, source });
  }
  return { given, faults };
}

/** Reads a text as a value of `kind`; what cannot be read stays text, so that the schema refuses and quotes it. */
export function valueOfText(text: string, kind: OptionKind): unknown {
  switch (kind) {
    case "integer":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "boolean":
      return booleanOfText(text);
    case "list":
      return text.trimStart().startsWith("[") ? jsonOrText(text) : text.split(",").map((item) => item.trim());
    case "object":
    case "objects":
      return jsonOrText(text);
    case "text":
    case "choice":
      return text;
    default:
      return kind satisfies never;
  }
}

function booleanOfText(text: string): unknown {
  if (["true", "1", "yes", "on"].includes(text.toLowerCase())) return true;
  if (["false", "0", "no", "off"].includes(text.toLowerCase())) return false;
  return text;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not lost: the schema refuses the text and the fault quotes it.
    return text;
  }
}

function isOurs(variable: string): boolean {
  const name = optionOfEnvName(variable);
  // What a supervisor hands on may be an option too (SHOAL_DESCRIPTOR_LIMIT).
  if (name === undefined || isOptionName(name)) return name !== undefined;
  return variable !== FILE_VARIABLE && !internalVariables.has(variable);
}

function unknownVariable(variable: string): Fault {
  const near = nearest(optionOfEnvName(variable) ?? variable, [...optionNames, "config"]);
  return unknownFault(variable, "the environment", near === undefined ? undefined : envName(near));
}

function secretFlagFault(name: OptionName, source: string): Fault {
  const message =
    `Cannot use ${name} (from ${source}): command lines are readable by every user of the machine; ` +
    `set ${envName(name)} or a configuration file`;
  return { path: name, source, message };
}
