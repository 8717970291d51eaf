/** The resolved configuration, for people: secrets masked, and where each value came from. */
import { maskPassword } from "./address.ts";
import { camelName, renameKeys, snakeName } from "./names.ts";
import type { Config, Origins } from "./resolve.ts";
import { infoAt, infoOf, type OptionName, optionNames } from "./schema.ts";

const MASK = "***";

/** `config` as JSON in the names and order of a configuration file, secrets masked. */
export function printedConfig(config: Config): string {
  return JSON.stringify(maskedOptions(config), undefined, 2);
}

/** One line for each option that is not its default, such as `port: from --port`. */
export function printedOrigins(origins: Origins): readonly string[] {
  return [...origins].map(([name, source]) => `${name}: from ${source}`);
}

function maskedOptions(config: Config): Readonly<Record<string, unknown>> {
  const options: ReadonlyMap<string, unknown> = new Map(Object.entries(config));
  return Object.fromEntries(optionNames.map((name) => [name, masked(name, options.get(camelName(name)))]));
}

function masked(name: OptionName, value: unknown): unknown {
  const { secrecy } = infoOf(name);
  if (Array.isArray(value) && secrecy === "whole") return value.map((item) => maskedFields(name, item));
  if (Array.isArray(value) && secrecy === "password") return value.map((item) => maskPassword(String(item)));
  if (typeof value !== "string" || value === "" || secrecy === undefined) return renameKeys(value, snakeName);
  return secrecy === "whole" ? MASK : maskPassword(value);
}

/** An object with its secret fields masked and all others as they are. */
function maskedFields(name: OptionName, item: unknown): unknown {
  const fields = Object.entries(Object(item)).map(([field, value]) => {
    const info = infoAt([name, 0, snakeName(field)]);
    // A field that nobody described would answer with the list's own description: better masked than shown.
    const isSecret = info === undefined || info.secrecy !== undefined;
    return [snakeName(field), isSecret ? MASK : renameKeys(value, snakeName)];
  });
  return Object.fromEntries(fields);
}
