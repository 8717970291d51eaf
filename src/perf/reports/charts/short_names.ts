/** Names of instances in little room: cut where they are alike, so that what tells them apart stays. */
import { fitText, textWidth } from "./svg.ts";

const SEPARATOR = /[^\p{L}\p{N}]/u;

/** `names` in at most `width` pixels each: whole if all fit, else without their common end, then begin. */
export function shortNames(names: readonly string[], width: number, size: number): readonly string[] {
  const fits = (some: readonly string[]) => some.every((name) => textWidth(name, size) <= width);
  if (fits(names) || names.length < 2) return names.map((name) => fitText(name, width, size));
  const headed = withoutEnd(names);
  const short = fits(headed) ? headed : withoutBegin(headed);
  return short.map((name) => fitText(name, width, size));
}

/** `:8080` of `127.0.0.1:8080`: the separator stays, so that it shows what the rest is. */
function withoutBegin(names: readonly string[]): readonly string[] {
  const common = commonLength(names);
  const [first = ""] = names;
  let cut = common;
  while (cut > 0 && !SEPARATOR.test(first[cut - 1] ?? "")) cut--;
  return names.map((name) => name.slice(Math.max(0, cut - 1)));
}

/** `node-1` of `node-1.example.com:8080`. */
function withoutEnd(names: readonly string[]): readonly string[] {
  const turned = names.map((name) => [...name].reverse().join(""));
  const common = commonLength(turned);
  const [first = ""] = turned;
  let cut = common;
  while (cut > 0 && !SEPARATOR.test(first[cut - 1] ?? "")) cut--;
  return names.map((name) => name.slice(0, name.length - cut));
}

function commonLength(names: readonly string[]): number {
  const [first = "", ...others] = names;
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  return length;
}
