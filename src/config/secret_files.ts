/** Secrets by file: `SHOAL_TOKEN_HMAC_SECRET_FILE` names a file that holds what the variable would. */
import { type Fault, sourceFault } from "./fault.ts";
import { envName } from "./names.ts";
import type { OptionInfo } from "./option.ts";
import { infoOf, optionNames } from "./schema.ts";
import { type Layer, shortVariables } from "./source.ts";

/** What is added to a variable's name to name a file instead. */
export const FILE_SUFFIX = "_FILE";

type Environment = Readonly<Record<string, string>>;

/** An environment whose `_FILE` variables are replaced by what their files hold. */
export interface ReadEnvironment {
  readonly env: Environment;
  /** Variables that came from a file. */
  readonly fromFile: ReadonlySet<string>;
  readonly faults: readonly Fault[];
}

/**
 * Puts the contents of secret files in place of the variables that name them; one line end after a secret is not part
 * of it. `read` answers a file's text, or an error that says why there is none. Only secrets can be given so.
 */
export async function readSecretFiles(
  env: Environment,
  read: (path: string) => Promise<string | Error>,
): Promise<ReadEnvironment> {
  const found = new Map(Object.entries(env));
  const fromFile = new Set<string>();
  const faults: Fault[] = [];
  for (const variable of secretVariables()) {
    const source = variable + FILE_SUFFIX;
    const path = env[source];
    found.delete(source);
    if (!path) continue;
    const text = env[variable] ? new Error(`${variable} is set too`) : await readSecret(path, read);
    if (text instanceof Error) faults.push(secretFault(source, path, text));
    else {
      found.set(variable, text);
      fromFile.add(variable);
    }
  }
  return { env: Object.fromEntries(found), fromFile, faults };
}

/** Names the files' variables as the sources of what came from them. */
export function namingFiles(layer: Layer, { fromFile, faults }: ReadEnvironment): Layer {
  const given = [...layer.given].map(([name, { value, source }]) =>
    [name, { value, source: fromFile.has(source) ? source + FILE_SUFFIX : source }] as const
  );
  return { given: new Map(given), faults: [...layer.faults, ...faults] };
}

/** Variables of options that are secret, wholly or by the password in them, or too long for an environment. */
function secretVariables(): readonly string[] {
  const secret = optionNames.filter((name) => isFileable(infoOf(name)));
  const short = Object.entries(shortVariables).filter(([, name]) => secret.includes(name));
  return [...secret.map(envName), ...short.map(([variable]) => variable)];
}

function isFileable({ secrecy, mayBeFile }: OptionInfo): boolean {
  return secrecy !== undefined || mayBeFile === true;
}

async function readSecret(path: string, read: (path: string) => Promise<string | Error>) {
  const text = await read(path);
  if (text instanceof Error) return text;
  const secret = text.replace(/\r?\n$/, "");
  // An empty variable counts as none; an empty file is a secret that never arrived, and must not open a node.
  return secret === "" ? new Error("it is empty") : secret;
}

function secretFault(source: string, path: string, { message }: Error): Fault {
  return sourceFault(source, `Cannot use file "${path}" (from ${source}): ${message}`);
}
