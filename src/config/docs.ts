/** Documents printed from the schema: the tables of docs/configuration.md and the lines of .env.example. */
import { envName } from "./names.ts";
import type { OptionInfo } from "./option.ts";
import {
  configSchema,
  fieldsAt,
  infoAt,
  infoOf,
  isOptionName,
  optionGroups,
  type OptionName,
} from "./schema.ts";
import { FILE_VARIABLE, shortVariables } from "./source.ts";

/** Refreshes both documents; the tests that hold them to the schema name it when they fail. */
export const REFRESH_COMMAND = "deno run --allow-env --allow-read " +
  "--allow-write=docs/configuration.md,.env.example src/main.ts config docs --write";

const BEGIN = "<!-- options: begin -->";
const END = "<!-- options: end -->";
const HEAD =
  "| Option | Environment | Value | Unit | Default | Meaning |\n| --- | --- | --- | --- | --- | --- |";

/** Markdown tables of all options, one for each group. */
export function optionTables(): string {
  return optionGroups.map(({ title, names }) => {
    const rows = names.filter(isOptionName).flatMap(rowsOf);
    return [`### ${title}`, "", HEAD, ...rows].join("\n");
  }).join("\n\n");
}

/** `page` with {@linkcode optionTables} between its two markers. Throws `TypeError` when it lacks them. */
export function withOptionTables(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new TypeError(`Cannot refresh page: want "${BEGIN}" and, after it, "${END}"`);
  }
  return `${page.slice(0, begin + BEGIN.length)}\n\n${optionTables()}\n\n${page.slice(end)}`;
}

/** The whole of .env.example: every variable with its default, commented out. */
export function envExample(): string {
  const groups = optionGroups.map(({ title, names }) => {
    return [`## ${title}`, "", ...names.filter(isOptionName).map(envLines)].join("\n");
  });
  return [ENV_HEAD, ...groups].join("\n");
}

const ENV_HEAD = `# Every environment variable of Shoal, with its default. An empty variable counts as none.
# Copy to .env and take away the # of what you change. To use it: \`set -a; . ./.env; set +a\` in a shell,
# \`env_file\` in docker compose, \`EnvironmentFile\` in systemd. Flags win over variables, variables over the file.
# Lists are comma-separated or JSON, objects are JSON. A secret can come from a file: add _FILE to its variable's name.

# Configuration file, JSON; as --config.
#${FILE_VARIABLE}=

# No colours on the terminal when set to anything.
#NO_COLOR=
`;

function rowsOf(name: OptionName): readonly string[] {
  const isList = infoOf(name).kind === "objects";
  const path = isList ? [name, 0] : [name];
  const fields = fieldsAt(path).map((field) => {
    const info = infoAt([...path, field]);
    return info === undefined ? "" : row(`${name}${isList ? "[]" : ""}.${field}`, "", info, "");
  });
  return [row(name, variablesOf(name).join(", "), infoOf(name), defaultText(name)), ...fields];
}

function row(name: string, variables: string, info: OptionInfo, initial: string): string {
  const cells = [
    code(name),
    variables.split(", ").map(code).join(", "),
    info.wants + (info.secrecy === undefined ? "" : "; secret"),
    info.unit ?? "",
    code(initial),
    info.text,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function envLines(name: OptionName): string {
  const { text, wants, unit, secrecy } = infoOf(name);
  const range = `# ${capital(wants)}${unit === undefined ? "" : `, ${unit}`}${
    secrecy === undefined ? "" : ", secret"
  }.`;
  const lines = variablesOf(name).map((variable) => `#${variable}=${defaultText(name)}`);
  return [`# ${text.replaceAll("`", "")}`, range, ...lines, ""].join("\n");
}

/** The variables of an option, the weaker first. */
function variablesOf(name: OptionName): readonly string[] {
  const short = Object.keys(shortVariables).filter((variable) => shortVariables[variable] === name);
  return [...short, envName(name)];
}

/** The default as the environment writes it. */
function defaultText(name: OptionName): string {
  const value: unknown = configSchema.shape[name].parse(undefined);
  if (typeof value === "object") return Object.keys(value ?? {}).length === 0 ? "" : JSON.stringify(value);
  return String(value);
}

function code(text: string): string {
  return text && `\`${text}\``;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
