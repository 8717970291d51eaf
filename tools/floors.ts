/** The floors of the house: imports go down only, through doors, and a package enters through one folder. Pure. */
import { drawGraph, type FileImports, findRings, type ImportGraph, packageOf } from "./import_graph.ts";

/** Floor of each folder of src/ (docs/CONTRIBUTING.md tells what each is for). */
const floors: Readonly<Record<string, number>> = {
  core: 0,
  protocol: 1,
  config: 1,
  metrics: 1,
  tracing: 1,
  backend: 2,
  client: 2,
  server: 3,
  http: 4,
  cluster: 4,
  perf: 4,
  dashboard: 4,
  app: 5,
  "main.ts": 5,
  "mod.ts": 5,
};

/** Helpers of tests: they may know everyone, and only tests may know them. */
const testingFolder = "testing";

/** Folders through which a package may enter. */
const packageFolders: Readonly<Record<string, readonly string[]>> = {
  ioredis: ["backend/redis"],
  hono: ["http"],
  zod: ["protocol", "config", "perf"],
  ws: ["http"],
  jose: ["server"],
  re2js: ["core"],
  "prom-client": ["metrics"],
  "@opentelemetry/api": ["tracing"],
  commander: ["app", "perf"],
  "hdr-histogram-js": ["perf"],
  picocolors: ["cluster", "perf", "app"],
  "d3-scale": ["perf"],
  "d3-shape": ["perf"],
  "@resvg/resvg-js": ["perf"],
  uplot: ["perf"],
  centrifuge: ["client"],
  "fossil-delta": ["server"],
};

/** Collections of single ideas rather than one thing with a door: their files are imported by name. */
const collections: readonly string[] = ["core", "protocol"];

/** Doors that are not called `mod.ts`: the interface of the backends is the door of their folder. */
const doors: Readonly<Record<string, string>> = { backend: "src/backend/backend.ts" };

/** Implementations of the backend: only those who compose a node may choose one. */
const implementations: readonly string[] = ["backend/memory", "backend/redis", "backend/hub"];
const composers: readonly string[] = ["app", "cluster"];

/** A file's place: its folder of src/, and within backend the implementation that it is of. */
interface Place {
  readonly folder: string;
  /** `folder`, or `backend/redis` and its like. */
  readonly unit: string;
  readonly isTest: boolean;
}

/** Checks the text of every TypeScript file of src/, by path from the repo's root; returns the faults, one a line. */
export function checkFloors(texts: ReadonlyMap<string, string>): readonly string[] {
  const graph = drawGraph(texts);
  const faults = [...graph.files].flatMap(([file, imports]) => checkFile(file, imports));
  return [...faults, ...ringFaults(graph)].sort();
}

function checkFile(file: string, imports: FileImports): readonly string[] {
  const place = placeOf(file);
  if (place === undefined) return [];
  if (!isKnown(place)) {
    return [`${file}: folder "${place.folder}" has no floor: give it one in tools/floors.ts`];
  }
  const faults = [
    ...imports.unreadable.map((line) => `cannot read the target of "${line}"`),
    ...imports.local.map((target) => importFault(place, target)),
    ...(isTestCode(place) ? [] : imports.packages.map((name) => packageFault(place, name))),
  ];
  return faults.filter((fault) => fault !== undefined).map((fault) => `${file}: ${fault}`);
}

function placeOf(path: string): Place | undefined {
  const [root, folder, inner, ...rest] = path.split("/");
  if (root !== "src" || folder === undefined) return undefined;
  const unit = `${folder}/${inner}`;
  return {
    folder,
    unit: rest.length > 0 && implementations.includes(unit) ? unit : folder,
    isTest: path.endsWith("_test.ts"),
  };
}

function isKnown(place: Place): boolean {
  return place.folder === testingFolder || floors[place.folder] !== undefined;
}

function isTestCode(place: Place): boolean {
  return place.isTest || place.folder === testingFolder;
}

function importFault(from: Place, target: string): string | undefined {
  const to = placeOf(target);
  // deno.json and the like are data, not floors.
  if (to === undefined) return target.endsWith(".ts") ? `imports ${target}: that is outside src/` : undefined;
  if (to.folder === testingFolder) {
    return isTestCode(from) ? undefined : `imports ${target}: only tests may use src/testing/`;
  }
  if (from.unit === to.unit) return undefined;
  if (from.folder === to.folder) return insideFault(from, to, target);
  return climbFault(from, to, target) ?? choiceFault(from, to, target) ?? doorFault(to, target);
}

/** Within backend: implementations use the interface's files, and each other only through doors; never the reverse. */
function insideFault(from: Place, to: Place, target: string): string | undefined {
  if (to.unit === to.folder) return undefined;
  if (from.unit === from.folder && !from.isTest) return `imports ${target}: the interface must not know it`;
  return isDoor(to, target) || from.isTest ? undefined : `imports ${target}: use ${doorOf(to)}`;
}

function climbFault(from: Place, to: Place, target: string): string | undefined {
  const here = floors[from.folder];
  const there = floors[to.folder];
  if (from.folder === testingFolder || here === undefined || there === undefined) return undefined;
  if (there < here || (here === floors.app && there === here)) return undefined;
  const verb = there === here ? "stays on" : "climbs to";
  return `imports ${target}: ${verb} floor ${there} from floor ${here}`;
}

function choiceFault(from: Place, to: Place, target: string): string | undefined {
  if (!implementations.includes(to.unit) || composers.includes(from.folder) || isTestCode(from)) {
    return undefined;
  }
  return `imports ${target}: only ${composers.join(" and ")} may choose a backend`;
}

function doorFault(to: Place, target: string): string | undefined {
  const isOpen = collections.includes(to.folder) || to.folder === "app"; // only main.ts and mod.ts stand beside app
  return isOpen || isDoor(to, target) ? undefined : `imports ${target}: use ${doorOf(to)}`;
}

function isDoor(place: Place, path: string): boolean {
  return path === doorOf(place);
}

function doorOf(place: Place): string {
  return doors[place.unit] ?? folderDoor(place);
}

function folderDoor(place: Place): string {
  return place.folder.endsWith(".ts") ? `src/${place.folder}` : `src/${place.unit}/mod.ts`;
}

function packageFault(place: Place, specifier: string): string | undefined {
  const name = packageOf(specifier);
  const folders = packageFolders[name];
  if (folders === undefined) return `imports package ${name}: give it a folder in tools/floors.ts`;
  if (specifier.startsWith("npm:")) return `imports ${specifier}: name it as deno.json does, "${name}"`;
  if (folders.includes(place.unit)) return undefined;
  return `imports package ${name}: it enters through ${
    folders.map((folder) => `src/${folder}/`).join(" or ")
  } only`;
}

function ringFaults(graph: ImportGraph): readonly string[] {
  return findRings(graph).map((ring) => `${ring[0]}: ring of imports: ${ring.join(" -> ")}`);
}
