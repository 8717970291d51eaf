/** What the npm package is made of, decided from texts. Pure. */
import { packageOf } from "./import_graph.ts";

/** The parts of deno.json that the package is made from. */
export interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly imports: Readonly<Record<string, string>>;
  /** TypeScript files by the name under which they are imported: "." and "./name". */
  readonly exports: Readonly<Record<string, string>>;
}

/** Writes package.json for a library that imports `packages`. Throws when one is not among the config's imports. */
export function packageJson(config: DenoConfig, packages: readonly string[]): string {
  const doors = Object.entries(config.exports).map(([name, path]) => [name, doorOf(path)] as const);
  const main = doorOf(config.exports["."] ?? "");
  const content = {
    name: config.name,
    version: config.version,
    description: "Horizontally scalable realtime server for Deno",
    license: config.license,
    type: "module",
    main: main.default,
    types: main.types,
    exports: { ...Object.fromEntries(doors), "./package.json": "./package.json" },
    dependencies: dependenciesOf(config, packages),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Where Node and bundlers find what a TypeScript file was compiled to. */
function doorOf(path: string) {
  const script = path.replace(/\.ts$/, ".js");
  return { types: path.replace(/\.ts$/, ".d.ts"), import: script, default: script };
}

/** Packages by name and the exact version that the library was tested with, sorted. */
export function dependenciesOf(
  config: DenoConfig,
  packages: readonly string[],
): Readonly<Record<string, string>> {
  const names = [...new Set(packages.map(packageOf))].sort();
  return Object.fromEntries(names.map((name) => [name, versionOf(config, name)]));
}

function versionOf(config: DenoConfig, name: string): string {
  const target = config.imports[name];
  const version = target?.startsWith(`npm:${name}@`) ? target.slice(`npm:${name}@`.length) : undefined;
  if (version === undefined) throw new Error(`Cannot pack: "${name}" has no "npm:" version in deno.json`);
  return version;
}

/** A module with its text and data imports turned into imports of modules, and the files these were. */
export interface InlinedModule {
  readonly text: string;
  /** Specifiers of the inlined files, as written. */
  readonly assets: readonly string[];
}

const assetImport = /(["'])(\.[^"'\n]+)\1\s+with\s*\{\s*type:\s*(["'])(?:text|json)\3\s*,?\s*\}/g;

/** Points `from "./a.lua" with { type: "text" }` to `./a.lua.ts`: no other runtime reads text as a module. */
export function inlineAssets(text: string): InlinedModule {
  const assets: string[] = [];
  const inlined = text.replace(assetImport, (_, _quote, specifier: string) => {
    assets.push(specifier);
    return `"${specifier}.ts"`;
  });
  return { text: inlined, assets };
}

/** The module that stands for the file at `path`. */
export function assetModule(path: string, content: string): string {
  if (path.endsWith(".json")) return `export default ${content.trim()};\n`;
  return `const text: string = ${JSON.stringify(content)};\nexport default text;\n`;
}

/** Points relative imports of a declaration to `.js`, as those of the code are: beside each lies its `.d.ts`. */
export function withJsSpecifiers(declaration: string): string {
  return declaration.replace(/((?:from|import)\s*\(?\s*["']\.[^"'\n]*)\.ts(["'])/g, "$1.js$2");
}
