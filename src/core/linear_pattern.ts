/** Regular expressions of others, matched in time linear in the text: none can hold the event loop. */
import { RE2JS } from "re2js"; // re2js: an automaton in place of backtracking, which is no place for our own

const MAX_PATTERN_LENGTH = 255;
import { reasonOf } from "./reason.ts";
/** Instructions; a short pattern of nested repetitions can ask for very many. */
const MAX_PROGRAM_SIZE = 2_000;
/** Compiled patterns that are kept: tokens of one role carry the same ones. */
const MAX_KEPT = 1_000;

const kept = new Map<string, RE2JS>();

/**
 * Makes a test of whole texts by `pattern` (RE2 syntax: neither back references nor look-around). Throws `SyntaxError`
 * for a pattern that cannot be read or is too large.
 */
export function linearTest(pattern: string): (text: string) => boolean {
  const compiled = kept.get(pattern) ?? compile(pattern);
  kept.delete(pattern);
  kept.set(pattern, compiled);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
  return (text) => compiled.testExact(text);
}

/** A pattern that is looked for anywhere in a text. */
export interface LinearSearch {
  /** Instructions: what a character of a text costs at most. */
  readonly size: number;
  isIn(text: string): boolean;
}

/** Makes a search by `pattern`. Throws as {@linkcode linearTest}. Nothing is kept. */
export function linearSearch(pattern: string): LinearSearch {
  const compiled = compile(pattern);
  return { size: compiled.programSize(), isIn: (text) => compiled.test(text) };
}

function compile(pattern: string): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw faulty(pattern, `want at most ${MAX_PATTERN_LENGTH} characters`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (cause) {
    throw faulty(pattern, reasonOf(cause));
  }
  if (compiled.programSize() > MAX_PROGRAM_SIZE) throw faulty(pattern, "it repeats too much");
  return compiled;
}

function faulty(pattern: string, problem: string): SyntaxError {
  return new SyntaxError(`Cannot use pattern ${JSON.stringify(pattern.slice(0, 80))}: ${problem}`);
}
