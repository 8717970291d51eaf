/**
 * The one mapping of names: `max_body_bytes` in files, flags and docs, `SHOAL_MAX_BODY_BYTES` in the environment,
 * `maxBodyBytes` in TypeScript.
 */

/** The TypeScript name of a snake_case option, as a type. */
export type CamelName<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

/** A record with its snake_case keys, on every level, turned into camelCase, and all of it readonly. */
export type Camel<Value> = Value extends readonly (infer Item)[] ? readonly Camel<Item>[]
  : Value extends object ? { readonly [Key in keyof Value as CamelName<Key>]: Camel<Value[Key]> }
  : Value;

const ENV_PREFIX = "SHOAL_";

/** Writes `snake_case` as `camelCase`. */
export function camelName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Writes `camelCase` as `snake_case`; a name that is snake_case already stays as it is. */
export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The environment variable of an option. */
export function envName(option: string): string {
  return ENV_PREFIX + option.toUpperCase();
}

/** The option that a variable names, or undefined when it lacks our prefix. */
export function optionOfEnvName(variable: string): string | undefined {
  return variable.startsWith(ENV_PREFIX) ? variable.slice(ENV_PREFIX.length).toLowerCase() : undefined;
}

/** Renames the keys of records, on every level; arrays keep their order, all other values are kept as they are. */
export function renameKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [rename(key), renameKeys(inner, rename)]),
  );
}
