/** Rules that the texts of this repo keep. Pure: each rule takes texts and returns faults, one a line. */
import { resolvePath } from "./import_graph.ts";

/** Texts by path from the repo's root. */
export type Texts = ReadonlyMap<string, string>;

/** Finds links of markdown files that lead to no file, folder or heading of the repo. */
export function brokenLinks(texts: Texts, paths: readonly string[]): readonly string[] {
  const places = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]));
  return markdown(texts).flatMap(([path, text]) =>
    linksOf(text).filter((link) => !leadsSomewhere(path, link, texts, places)).map((link) =>
      `${path}: link to nothing: ${link}`
    )
  );
}

function markdown(texts: Texts): readonly (readonly [string, string])[] {
  return [...texts].filter(([path]) => path.endsWith(".md"));
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Targets of links and pictures that stay inside the repo. */
function linksOf(text: string): readonly string[] {
  const prose = text.replace(/^(```+|~~~+)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)/g)];
  const defined = [...prose.matchAll(/^\[[^\]\n]+\]:\s*<?([^\s>]+)/gm)];
  return [...inline, ...defined].map(([, link]) => link ?? "").filter((link) =>
    !/^[a-z][a-z0-9+.-]*:/i.test(link)
  );
}

function leadsSomewhere(from: string, link: string, texts: Texts, places: ReadonlySet<string>): boolean {
  const [target = "", heading] = link.split("#");
  const path = target === "" ? from : resolvePath(from, target).replace(/\/$/, "");
  if (path !== "" && !places.has(path)) return false;
  const text = texts.get(path);
  if (heading === undefined || text === undefined || !path.endsWith(".md")) return true;
  return headingIds(text).has(heading);
}

/** Ids that a forge gives to the headings of a text. */
function headingIds(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#{1,6}\s+(.*)$/gm)].map(([, title]) => title ?? "");
  return new Set(
    headings.map((title) =>
      title.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
    ),
  );
}

/** Finds `deno task` commands in markdown whose task does not exist. */
export function unknownTasks(texts: Texts, tasks: readonly string[]): readonly string[] {
  return markdown(texts).flatMap(([path, text]) =>
    [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:-]*)/g)]
      .map(([, task]) => task ?? "")
      .filter((task) => !tasks.includes(task))
      .map((task) => `${path}: no such task: deno task ${task}`)
  );
}

/** What no text may hold; written so that this file does not hold it. */
const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a note of unfinished work", pattern: /\b(?:TO[D]O|FIX[M]E|X{3})\b/ },
  {
    what: "the host of a package registry",
    pattern: /\/\/registry[.]|\bregistry[.](?:npmj[s]|yarnpk[g]|npmmirro[r])|\bjsr[.]io\b/,
  },
  { what: "a path of one machine", pattern: /(?<![\w.~$}*-])\/(?:home|Users|root|work)\/[\w.-]+/ },
];

/** Finds what no text may hold, with its line. */
export function forbiddenWords(texts: Texts): readonly string[] {
  return [...texts].flatMap(([path, text]) =>
    text.split("\n").flatMap((line, index) =>
      forbidden.filter(({ pattern }) => pattern.test(line)).map(({ what }) => `${path}:${index + 1}: ${what}`)
    )
  );
}

/** Tells whether a changelog has a heading for `version`. */
export function hasRelease(changelog: string, version: string): boolean {
  return changelog.split("\n").some((line) => {
    const [mark, heading = ""] = line.split(/\s+/);
    return mark === "##" && heading.replace(/[[\]]/g, "") === version;
  });
}
