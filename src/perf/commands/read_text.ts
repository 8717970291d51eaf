/** Reads a file that a command line names. */
import { UsageError } from "../usage_error.ts";

/** The text of `path`. Rejects with {@linkcode UsageError} when there is none, or it may not be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const isTheirs = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.IsADirectory;
    if (!isTheirs) throw error;
    throw new UsageError(`Cannot read "${path}": ${error.message}`);
  }
}
