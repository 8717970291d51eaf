/**
 * Tag filters: a subscriber gets only publications whose tags match. A filter comes from a client, so its size is
 * bounded, and one that cannot be read is refused with 107.
 */
import { ClientError } from "../core/errors.ts";

const MAX_NODES = 64;
const MAX_DEPTH = 8;
const MAX_CHARACTERS = 8 * 1024;
const FIELDS = ["op", "key", "cmp", "val", "vals", "nodes"];

/** The tags of a publication. */
export type Tags = Readonly<Record<string, unknown>>;

type Test = (tags: Tags) => boolean;

/** A filter that was read. Subscribers with the same text share one, so each publication is looked at once. */
export class TagFilter {
  /** The same for filters that were written the same. */
  readonly text: string;
  readonly #test: Test;
  #tags: Tags | undefined;
  #answer = false;

  constructor(text: string, test: Test) {
    this.text = text;
    this.#test = test;
  }

  /** Whether a publication with `tags` passes; the answer for the same object is remembered. */
  accepts(tags: Tags): boolean {
    if (tags === this.#tags) return this.#answer;
    this.#answer = this.#test(tags);
    this.#tags = tags;
    return this.#answer;
  }
}

/** Reads a filter as a client wrote it. Throws 107, naming what is wrong. */
export function parseTagFilter(value: unknown): TagFilter {
  const test = readNode(value, { nodes: 0 }, 1);
  // What was read is shallow; of fields that mean nothing nobody knows how deep they are.
  const text = JSON.stringify(value, FIELDS);
  if (text.length > MAX_CHARACTERS) throw wrong(`it has more than ${MAX_CHARACTERS} characters`);
  return new TagFilter(text, test);
}

interface Count {
  nodes: number;
}

function readNode(value: unknown, count: Count, depth: number): Test {
  if (depth > MAX_DEPTH) throw wrong(`it is more than ${MAX_DEPTH} levels deep`);
  if (++count.nodes > MAX_NODES) throw wrong(`it has more than ${MAX_NODES} nodes`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("a node is an object");
  const node: Readonly<Record<string, unknown>> = { ...value };
  const op = node.op ?? "";
  if (op === "") return readLeaf(node);
  if (op !== "and" && op !== "or" && op !== "not") throw wrong(`"op" is "and", "or", "not" or left out`);
  const tests = listOf(node.nodes, "nodes").map((inner) => readNode(inner, count, depth + 1));
  return combine(op, tests);
}

function combine(op: "and" | "or" | "not", tests: readonly Test[]): Test {
  if (tests.length === 0) throw wrong(`"${op}" needs "nodes"`);
  if (op === "and") return (tags) => tests.every((test) => test(tags));
  if (op === "or") return (tags) => tests.some((test) => test(tags));
  const [only, ...more] = tests;
  if (only === undefined || more.length > 0) throw wrong(`"not" has one node`);
  return (tags) => !only(tags);
}

function readLeaf({ key, cmp, val = "", vals }: Readonly<Record<string, unknown>>): Test {
  if (typeof key !== "string" || key === "") throw wrong(`a comparison needs a "key"`);
  if (typeof val !== "string") throw wrong(`"val" is a text`);
  if (cmp === "ex") return (tags) => valueOf(tags, key) !== undefined;
  if (cmp === "nex") return (tags) => valueOf(tags, key) === undefined;
  if (cmp === "in" || cmp === "nin") return readSet(key, cmp === "in", listOf(vals, "vals"));
  const compare = comparisons[String(cmp)];
  if (compare !== undefined) return present(key, compare(val));
  if (cmp === "neq") return (tags) => valueOf(tags, key) !== val;
  throw wrong(`"cmp" ${JSON.stringify(cmp)} is unknown`);
}

function readSet(key: string, isWanted: boolean, values: readonly unknown[]): Test {
  if (!values.every((value) => typeof value === "string")) throw wrong(`"vals" is a list of texts`);
  const set = new Set(values);
  return (tags) => {
    const value = valueOf(tags, key);
    return (value !== undefined && set.has(value)) === isWanted;
  };
}

const comparisons: Readonly<Record<string, ((wanted: string) => (value: string) => boolean) | undefined>> = {
  __proto__: null as never,
  eq: (wanted) => (value) => value === wanted,
  sw: (wanted) => (value) => value.startsWith(wanted),
  ew: (wanted) => (value) => value.endsWith(wanted),
  ct: (wanted) => (value) => value.includes(wanted),
  lt: (wanted) => numeric(wanted, (value, limit) => value < limit),
  lte: (wanted) => numeric(wanted, (value, limit) => value <= limit),
  gt: (wanted) => numeric(wanted, (value, limit) => value > limit),
  gte: (wanted) => numeric(wanted, (value, limit) => value >= limit),
};

/** Compares as numbers; a tag that is none does not match. */
function numeric(
  wanted: string,
  compare: (value: number, limit: number) => boolean,
): (value: string) => boolean {
  const limit = Number(wanted);
  if (wanted.trim() === "" || Number.isNaN(limit)) {
    throw wrong(`"val" ${JSON.stringify(wanted)} is no number`);
  }
  return (value) => value.trim() !== "" && compare(Number(value), limit);
}

function present(key: string, test: (value: string) => boolean): Test {
  return (tags) => {
    const value = valueOf(tags, key);
    return value !== undefined && test(value);
  };
}

function valueOf(tags: Tags, key: string): string | undefined {
  const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`"${name}" is a list`);
  return value;
}

function wrong(why: string): ClientError {
  return new ClientError("badRequest", { detail: `cannot read the tag filter: ${why}` });
}
