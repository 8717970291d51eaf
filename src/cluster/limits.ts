/** Reads how many files a process may open. */

/** The soft limit of open files in the text of `/proc/<pid>/limits`; undefined when there is none or it is unlimited. */
export function parseDescriptorLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/**
 * The limit that this process hands down to its nodes, or undefined where it cannot be read (no `/proc`, no
 * permission). Goes through `cat`, since Deno itself gives `/proc` to `--allow-all` only.
 */
export async function readDescriptorLimit(): Promise<number | undefined> {
  try {
    const cat = new Deno.Command("cat", { args: ["/proc/self/limits"], stdin: "null", stderr: "null" });
    const { stdout } = await cat.output();
    return parseDescriptorLimit(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
