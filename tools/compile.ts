/** Turns modules held in memory into JavaScript and declarations. */
// The compiler itself: `deno transpile` cannot write declarations of modules that use packages with Node's types.
import ts from "typescript";
import { withJsSpecifiers } from "./npm_package.ts";

/** What is compiled. */
export interface CompileInput {
  /** TypeScript texts by path from the package's root. */
  readonly texts: ReadonlyMap<string, string>;
  /** Folder that stands for the package's root: `node_modules` with the imported packages lies in it. */
  readonly folder: string;
  /** Text of the declarations of the runtime, as `deno types` prints them. */
  readonly runtimeTypes: string;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts"],
  // Timers and the like: the runtime leaves their types to Node's.
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  declaration: true,
  rewriteRelativeImportExtensions: true,
  // The type of an unknown member would silently become `any` in a declaration.
  noEmitOnError: false,
};

/** Compiles; returns `.js` and `.d.ts` texts by path. Throws with the first faults when a declaration cannot be written. */
export function compile(input: CompileInput): ReadonlyMap<string, string> {
  const inFolder = (path: string) => `${input.folder}/${path}`;
  const runtimePath = inFolder("deno.d.ts");
  const texts = new Map([...input.texts].map(([path, text]) => [inFolder(path), text]));
  texts.set(runtimePath, input.runtimeTypes);
  const program = ts.createProgram({
    rootNames: [...texts.keys()],
    options,
    host: hostOf(texts, input.folder),
  });
  const written = new Map<string, string>();
  const { diagnostics } = program.emit(undefined, (path, text) => {
    written.set(path.slice(input.folder.length + 1), path.endsWith(".d.ts") ? withJsSpecifiers(text) : text);
  });
  const own = [...texts.keys()].filter((path) => path !== runtimePath);
  refuseFaults([...diagnostics, ...own.flatMap((path) => faultsOf(program, path))]);
  return written;
}

/** A host that sees `texts` before the files of the disk. */
function hostOf(texts: ReadonlyMap<string, string>, folder: string): ts.CompilerHost {
  const disk = ts.createCompilerHost(options);
  return {
    ...disk,
    getCurrentDirectory: () => folder,
    fileExists: (path) => texts.has(path) || disk.fileExists(path),
    readFile: (path) => texts.get(path) ?? disk.readFile(path),
    // A folder that is only in memory would else count as absent and its modules as missing.
    directoryExists: (path) => hasFolder(texts, path) || (disk.directoryExists?.(path) ?? true),
    getSourceFile: (path, languageVersion) => {
      const text = texts.get(path) ?? disk.readFile(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, languageVersion);
    },
  };
}

function hasFolder(texts: ReadonlyMap<string, string>, folder: string): boolean {
  return [...texts.keys()].some((path) => path.startsWith(`${folder}/`));
}

function faultsOf(program: ts.Program, path: string): readonly ts.Diagnostic[] {
  const file = program.getSourceFile(path);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
}

function refuseFaults(faults: readonly ts.Diagnostic[]): void {
  if (faults.length === 0) return;
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => "/", getNewLine: () => "\n" };
  throw new Error(`Cannot compile the package: ${ts.formatDiagnostics(faults.slice(0, 10), host)}`);
}
