/** The rim of the configuration: the only file here that reads from the system. */
import { type Fault, sourceFault } from "./fault.ts";
import { renameKeys, snakeName } from "./names.ts";
import { type ConfigOptions, type Resolution, resolveLayers } from "./resolve.ts";
import { namingFiles, readSecretFiles } from "./secret_files.ts";
import { envLayer, FILE_VARIABLE, type Flag, flagLayer, type Layer, objectLayer } from "./source.ts";

/** A configuration file is a page of text; more is a mistaken path. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Where to read a configuration from. */
export interface LoadOptions {
  readonly flags: readonly Flag[];
  readonly env: Readonly<Record<string, string>>;
  /** Path of a JSON file; without one the variable `SHOAL_CONFIG` names it. */
  readonly file?: string | undefined;
  /** Defaults of one command, such as cluster's shared port. Weaker than all else. */
  readonly defaults?: ConfigOptions;
}

/** Reads flags over environment (secret files included) over file over defaults. Faults come back, all of them; nothing is thrown. */
export async function loadConfig(options: LoadOptions): Promise<Resolution> {
  const defaults = objectLayer(renameKeys(options.defaults ?? {}, snakeName), "the command's default");
  const found = await readSecretFiles(options.env, readText);
  const environment = namingFiles(envLayer(found.env), found);
  return resolveLayers([flagLayer(options.flags), environment, await fileLayer(options), defaults]);
}

async function fileLayer({ file, env }: LoadOptions): Promise<Layer> {
  const path = file ?? env[FILE_VARIABLE];
  if (!path) return emptyLayer();
  const from = file === undefined ? FILE_VARIABLE : "--config";
  const content = await readText(path);
  if (content instanceof Error) return emptyLayer(fileFault(path, from, content.message));
  try {
    return objectLayer(JSON.parse(content), path);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return emptyLayer(fileFault(path, from, `it is not JSON: ${positionIn(thrown.message)}`));
  }
}

async function readText(path: string): Promise<string | Error> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) return new Error("it is not a file");
    if (size > MAX_FILE_BYTES) return new Error(`it has ${size} bytes, want at most ${MAX_FILE_BYTES}`);
    return await Deno.readTextFile(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return new Error("there is no such file");
    if (thrown instanceof Deno.errors.NotCapable) return new Error("Deno may not read it, add --allow-read");
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

/** V8 quotes the text around the error, which may be a secret: only the position is kept. */
function positionIn(message: string): string {
  return /line \d+ column \d+/.exec(message)?.[0] ?? "it ends too early or holds a wrong character";
}

function fileFault(path: string, from: string, problem: string): Fault {
  return sourceFault(path, `Cannot read configuration file "${path}" (from ${from}): ${problem}`);
}

function emptyLayer(...faults: readonly Fault[]): Layer {
  return { given: new Map(), faults };
}
