/** What commander says of a wrong command line, in words that name the way out. */

const EXCESS =
  /^(?:error: )?too many arguments for '([^']+)'\. Expected 0 arguments but got \d+: ([^,]*?)[.,]/;

/**
 * Commander's complaint as one line. A command that has subcommands and does something without them, too, takes a
 * mistyped subcommand for an argument too many: `subcommands`, by command, says what was to be chosen from.
 */
export function commandComplaint(
  text: string,
  subcommands: Readonly<Record<string, readonly string[]>>,
): string {
  const line = text.trim().replaceAll("\n", " ");
  const [, command = "", word] = EXCESS.exec(line) ?? [];
  const among = subcommands[command];
  if (word === undefined || among === undefined) return line;
  return `unknown command '${word}': want ${among.join(", ")}`;
}
