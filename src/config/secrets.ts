/** The secrets in a configuration, for whoever must keep them out of what is written. */
import { camelName } from "./names.ts";
import type { Config } from "./resolve.ts";
import { infoOf, optionNames } from "./schema.ts";

/** Texts inside a list or an object may be names; so short a one is no key. */
const MIN_NESTED_LENGTH = 16;
const PASSWORD_FIELDS = ["password", "sentinelPassword"];

/** Every secret that `config` holds, passwords of URLs as they stand there and decoded. */
export function secretsOf(config: Config): readonly string[] {
  const options: ReadonlyMap<string, unknown> = new Map(Object.entries(config));
  const secrets = optionNames.flatMap((name) => {
    const value = options.get(camelName(name));
    const { secrecy } = infoOf(name);
    if (secrecy === undefined) return [];
    return secrecy === "whole" ? textsOf(value) : textsOf(value, 0).flatMap(passwordsOf);
  });
  return secrets.filter((secret) => secret !== "");
}

function textsOf(value: unknown, minNestedLength = MIN_NESTED_LENGTH): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const texts = Object.values(value).flatMap((each) => textsOf(each, minNestedLength));
  return texts.filter((text) => text.length >= minNestedLength);
}

function passwordsOf(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const inQuery = PASSWORD_FIELDS.map((field) => url.searchParams.get(field) ?? "");
  return [url.password, decoded(url.password), ...inQuery];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % stands for itself; the backend refuses such a URL with a message of its own
  }
}
