/**
 * Coverage files that were cut: a process that is killed while it ends leaves one empty or in part, and one such file
 * makes the whole coverage unreadable.
 */

/** Deno writes a file as indented JSON: only the last brace of a whole one stands at the start of a line. */
const endOfWhole = "\n}";

/** Removes the cut files under `folder`, at any depth, and says how many there were. */
export async function removeCutCoverage(folder: string): Promise<number> {
  let removed = 0;
  for await (const path of jsonFiles(folder)) {
    if ((await Deno.readTextFile(path)).trimEnd().endsWith(endOfWhole)) continue;
    await Deno.remove(path);
    removed++;
  }
  return removed;
}

async function* jsonFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* jsonFiles(`${folder}/${name}`);
    else if (name.endsWith(".json")) yield `${folder}/${name}`;
  }
}
