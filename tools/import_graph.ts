/**
 * Draws who imports whom from the text of the files. Pure. It relies on the layout of `deno fmt` (an import begins its
 * line), which the gate checks before, and reports what it cannot read instead of passing over it.
 */

/** The imports of one file. */
export interface Imports {
  /** Each specifier as written, types and dynamic imports included, each once. */
  readonly specifiers: readonly string[];
  /** Lines with an import whose target cannot be read. */
  readonly unreadable: readonly string[];
}

/** Files of the graph, as paths from the repo's root, and what each imports. */
export interface ImportGraph {
  readonly files: ReadonlyMap<string, FileImports>;
}

/** Where the imports of one file lead. */
export interface FileImports {
  /** Paths of imported files of the repo. */
  readonly local: readonly string[];
  /** Names of imported packages, with their subpath and `npm:` prefix as written; builtins of `node:` are left out. */
  readonly packages: readonly string[];
  readonly unreadable: readonly string[];
}

const staticImport =
  /^(?:import|export)\s+(?:type\s+)?(?:[\w$*{][\w\s$,*{}]*?\s*from\s*)?["']([^"'\n]+)["']/gm;
const sideEffectImport = /^import\s*["']([^"'\n]+)["']/gm;
const dynamicImport = /\bimport\(\s*(?:["'`]([^"'`$\n]+)["'`])?/g;

/** Finds the imports in the text of a module. */
export function importsOf(text: string): Imports {
  const code = withoutCommentLines(text);
  const found = [...code.matchAll(staticImport), ...code.matchAll(sideEffectImport)];
  const dynamic = [...code.matchAll(dynamicImport)];
  const specifiers = [...found, ...dynamic].map((match) => match[1]).filter((name) => name !== undefined);
  return {
    specifiers: [...new Set(specifiers)],
    unreadable: [...unreadStatements(code, found), ...dynamic.filter((match) => !match[1]).map((m) => m[0])],
  };
}

/** Blanks lines that are comments and comments at the end of a line, as they stand between the names of an import. */
function withoutCommentLines(text: string): string {
  return text.replace(/^\s*(?:\/\/|\/?\*(?![\s\w$,{}]*from\s*["'])).*$/gm, "").replace(
    /\s\/\/[^"'`\n]*$/gm,
    "",
  );
}

function unreadStatements(code: string, found: readonly RegExpExecArray[]): readonly string[] {
  const read = new Set(found.map((match) => match.index));
  return [...code.matchAll(/^import\b(?!\.meta|\().*|^\} from .*/gm)]
    .filter((line) => line[0].startsWith("import") ? !read.has(line.index) : !isInside(line.index, found))
    .map((line) => line[0]);
}

function isInside(index: number, found: readonly RegExpExecArray[]): boolean {
  return found.some((match) => match.index < index && index < match.index + match[0].length);
}

/** Draws the graph of `texts`, a text by path. */
export function drawGraph(texts: ReadonlyMap<string, string>): ImportGraph {
  const files = new Map<string, FileImports>();
  for (const [path, text] of texts) files.set(path, fileImports(path, importsOf(text)));
  return { files };
}

function fileImports(path: string, imports: Imports): FileImports {
  const local = imports.specifiers.filter((name) => name.startsWith("."));
  const packages = imports.specifiers.filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
  return { local: local.map((name) => resolvePath(path, name)), packages, unreadable: imports.unreadable };
}

/** Resolves a relative specifier against the file that has it. */
export function resolvePath(from: string, specifier: string): string {
  const url = new URL(specifier, new URL(from, "file:///"));
  return decodeURIComponent(url.pathname.slice(1));
}

/** The package a specifier names: `npm:@a/b@1/c` and `@a/b/c` are both of `@a/b`. */
export function packageOf(specifier: string): string {
  const name = specifier.replace(/^(?:npm|jsr):\/?/, "");
  const match = /^(@[^/]+\/[^/@]+|[^/@]+)/.exec(name);
  return match?.[1] ?? name;
}

/**
 * Finds rings: each is the shortest way from a file back to itself, its first file named again at the end. Rings that
 * share a file with one already found are left out: they often go when that one does.
 */
export function findRings(graph: ImportGraph): readonly (readonly string[])[] {
  const rings: (readonly string[])[] = [];
  const knotted = new Set<string>();
  for (const file of graph.files.keys()) {
    const ring = shortestRing(graph, file);
    if (ring === undefined || ring.some((member) => knotted.has(member))) continue;
    for (const member of ring) knotted.add(member);
    rings.push(ring);
  }
  return rings;
}

function shortestRing(graph: ImportGraph, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.files.get(file)?.local ?? []) {
      if (next === start) return wayTo(file, start, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(last: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way = [start];
  for (let file: string | undefined = last; file !== undefined && file !== start; file = cameFrom.get(file)) {
    way.unshift(file);
  }
  return [start, ...way];
}
