/** `deno task pack`: builds npm/ (JavaScript, types, package.json) from the doors of deno.json and packs it into a tarball. */
import { compile } from "./compile.ts";
import { importsOf, resolvePath } from "./import_graph.ts";
import { assetModule, type DenoConfig, dependenciesOf, inlineAssets, packageJson } from "./npm_package.ts";
import { repoRoot } from "./repo_files.ts";

/** A slow machine with an empty cache fetches the packages in this time. */
const commandTimeoutMs = 2 * 60_000;

/** The library's modules as they go into the package. */
interface Library {
  /** TypeScript texts by path from the repo's root. */
  readonly texts: ReadonlyMap<string, string>;
  readonly packages: readonly string[];
}

/**
 * Builds the package in `folder` (emptied before) and returns the path of `shoal-<version>.tgz` in it. `root` is the repo:
 * it has deno.json, README.md, LICENSE and src/. Needs `npm` on PATH. Not concurrent for one folder.
 */
export async function packLibrary(folder: string, root: URL = repoRoot): Promise<string> {
  const config: DenoConfig = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const library = await readLibrary(Object.values(config.exports), root);
  await emptyFolder(folder);
  await writeTexts(folder, await compileLibrary(library, config, `${folder}/work`));
  await writeTexts(folder, new Map([["package.json", packageJson(config, library.packages)]]));
  for (const name of ["README.md", "LICENSE"]) await Deno.copyFile(new URL(name, root), `${folder}/${name}`);
  const printed = await run("npm", ["pack", "--ignore-scripts", "--silent"], folder);
  const tarball = `${folder}/shoal-${config.version}.tgz`;
  await Deno.rename(`${folder}/${printed.trim().split("\n").at(-1)}`, tarball);
  return tarball;
}

/** Reads `doors` and all that they import, files that are not modules turned into modules. */
async function readLibrary(doors: readonly string[], root: URL): Promise<Library> {
  const texts = new Map<string, string>();
  const packages = new Set<string>();
  const queue = doors.map((door) => door.replace(/^\.\//, ""));
  for (const path of queue) {
    if (texts.has(path)) continue;
    const inlined = inlineAssets(await Deno.readTextFile(new URL(path, root)));
    texts.set(path, inlined.text);
    const assets = inlined.assets.map((specifier) => resolvePath(path, specifier));
    for (const asset of assets) {
      texts.set(`${asset}.ts`, assetModule(asset, await Deno.readTextFile(new URL(asset, root))));
    }
    for (const specifier of importsOf(inlined.text).specifiers) {
      if (specifier.startsWith(".")) queue.push(resolvePath(path, specifier));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  }
  return { texts, packages: [...packages] };
}

/** Compiles in `workFolder`, which exists only meanwhile. */
async function compileLibrary(
  library: Library,
  config: DenoConfig,
  workFolder: string,
): Promise<ReadonlyMap<string, string>> {
  await Deno.mkdir(workFolder);
  try {
    await installPackages(workFolder, library, config);
    const runtimeTypes = await run(Deno.execPath(), ["types"], workFolder);
    return compile({ texts: library.texts, folder: workFolder, runtimeTypes });
  } finally {
    await Deno.remove(workFolder, { recursive: true });
  }
}

/** Lays the packages out as the compiler looks for them: exactly those of deno.json, and what only types need. */
async function installPackages(folder: string, library: Library, config: DenoConfig): Promise<void> {
  const typings = Object.keys(config.imports).filter((name) => name.startsWith("@types/"));
  const used = Object.keys(dependenciesOf(config, [...library.packages, ...typings]));
  const imports = Object.fromEntries(used.map((name) => [name, config.imports[name]]));
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ nodeModulesDir: "auto", imports }));
  await run(Deno.execPath(), ["install", "--quiet"], folder);
}

async function emptyFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for await (const entry of Deno.readDir(folder)) {
    await Deno.remove(`${folder}/${entry.name}`, { recursive: true });
  }
}

async function writeTexts(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of texts) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

/** Runs a program to its end and returns what it printed. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const signal = AbortSignal.timeout(commandTimeoutMs);
  const output = await new Deno.Command(command, { args: [...args], cwd, signal, stderr: "inherit" })
    .output();
  if (output.success) return new TextDecoder().decode(output.stdout);
  throw new Error(`Cannot pack: ${command} ${args.join(" ")} ended with ${output.signal ?? output.code}`);
}

const USE = `Use: deno task pack

Builds the npm package (JavaScript, types, package.json) in npm/, which is emptied before, and packs it into
npm/shoal-<version>.tgz. Needs npm on PATH.`;

async function main(words: readonly string[]): Promise<void> {
  const asksForHelp = words.includes("--help") || words.includes("-h");
  console.log(asksForHelp ? USE : await packLibrary(new URL("npm", repoRoot).pathname));
}

if (import.meta.main) await main(Deno.args);
