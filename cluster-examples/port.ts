/** The port in an example's command line. */

/** Reads `text`, 8080 when left out; ends the program with 2 and one line when it is no port. */
export function portOf(text = "8080"): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  console.error(`Cannot use port "${text}": want an integer from 0 to 65535`);
  Deno.exit(2);
}
