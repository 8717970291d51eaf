/** What is wrong with a configuration, in lines for people. */
import { maskPassword } from "./address.ts";
import type { OptionInfo } from "./option.ts";

const MAX_SHOWN = 80;

/** One fault of a configuration. */
export interface Fault {
  /** The option, with the way into it: `namespaces[0].name`; empty when the fault is of the source itself. */
  readonly path: string;
  /** Where it came from: `--port`, `PORT`, `shoal.json`. */
  readonly source: string;
  /** The whole line. */
  readonly message: string;
}

/** Thrown where a configuration cannot be used; its message lists all faults, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => fault.message).join("\n"));
    this.faults = faults;
  }
}

/** A fault of one value: `Cannot use port "99999" (from --port): want an integer from 0 to 65535`. */
export function valueFault(at: { path: string; source: string; shown: string }, problem: string): Fault {
  const { path, source, shown } = at;
  return { path, source, message: `Cannot use ${path}${shown && ` ${shown}`} (from ${source}): ${problem}` };
}

/** A fault of a name that is no option. Its value is not shown: it may be a mistyped secret. */
export function unknownFault(path: string, source: string, suggestion: string | undefined): Fault {
  const hint = suggestion === undefined ? "see `deno task config docs`" : `did you mean "${suggestion}"?`;
  return { path, source, message: `Cannot use ${path} (from ${source}): unknown option, ${hint}` };
}

/** A fault of a whole source. */
export function sourceFault(source: string, message: string): Fault {
  return { path: "", source, message };
}

/** `value` as a fault or `print` may show it: quoted, without control characters, cut short, secrets masked. */
export function shownValue(value: unknown, info: OptionInfo | undefined): string {
  if (value === undefined) return "";
  // Who pastes a private key where a public one belongs must not find it in a log.
  if (info?.secrecy === "whole" || (typeof value === "string" && value.includes("PRIVATE KEY"))) {
    return '"***"';
  }
  if (Array.isArray(value) && info?.secrecy === "password") {
    return cut(toJson(value.map((item) => maskPassword(String(item)))));
  }
  if (typeof value !== "string") return cut(typeof value === "object" ? toJson(value) : `"${String(value)}"`);
  return cut(toJson(info?.secrecy === "password" ? maskPassword(value) : value));
}

/** Writes a zod path as one writes it in TypeScript: `namespaces[0].name`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, index) => {
    if (typeof step === "number") return `[${step}]`;
    return index === 0 ? String(step) : `.${String(step)}`;
  }).join("");
}

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}..."`;
}
