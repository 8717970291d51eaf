/** The resolved configuration, for people: secrets masked, and where each value came from. */
import { maskPassword } from "./address.ts";
import { camelName, renameKeys, snakeName } from "./names.ts";
import type { Config, Origins } from "./resolve.ts";
import { infoOf, type OptionName, optionNames } from "./schema.ts";

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
  if (typeof value !== "string" || value === "" || secrecy === undefined) return renameKeys(value, snakeName);
  return secrecy === "whole" ? MASK : maskPassword(value);
}
