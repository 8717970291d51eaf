/** The files of this repo as a reader of it sees them. */

const generatedAnywhere: ReadonlySet<string> = new Set([".git", "node_modules"]);
const generatedAtRoot: ReadonlySet<string> = new Set([".shoal", "coverage", "npm", "reports"]);

/** The folder of the repo, with a slash at the end. */
export const repoRoot: URL = new URL("../", import.meta.url);

/** Lists files under `root`, as sorted paths relative to it; what is generated (see .gitignore) is left out. */
export async function listRepoFiles(root: URL = repoRoot): Promise<readonly string[]> {
  const found: string[] = [];
  await collect(root, "", found);
  return found.sort();
}

/** Reads the files whose path `isWanted`: their texts by path. */
export async function readRepoTexts(
  isWanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, string>> {
  const paths = (await listRepoFiles()).filter(isWanted);
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(new URL(path, repoRoot))));
  return new Map(paths.map((path, index) => [path, texts[index] ?? ""]));
}

async function collect(root: URL, folder: string, found: string[]): Promise<void> {
  for await (const entry of Deno.readDir(new URL(folder || ".", root))) {
    const path = `${folder}${entry.name}`;
    if (isGenerated(path, entry.name)) continue;
    if (entry.isDirectory) await collect(root, `${path}/`, found);
    if (entry.isFile) found.push(path);
  }
}

function isGenerated(path: string, name: string): boolean {
  if (generatedAnywhere.has(name) || generatedAtRoot.has(path)) return true;
  if (name.endsWith(".tgz") || name.endsWith(".log")) return true;
  return name === ".env" || (name.startsWith(".env.") && name !== ".env.example");
}
