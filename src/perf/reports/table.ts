/** Columns of text for a terminal. */

/** Characters in a line of the screen, unless its window says otherwise. */
export const SCREEN_WIDTH = 98;

/** Nothing is laid out for less. */
const MIN_WIDTH = 40;

/** Characters in a line where the window has so many columns; the last one stays free, so that nothing wraps. */
export function screenWidth(columns = SCREEN_WIDTH + 1): number {
  return Math.max(MIN_WIDTH, Math.min(SCREEN_WIDTH, columns - 1));
}

/** How much room a table has. */
export interface TableRoom {
  /** In characters. */
  readonly width?: number;
  /** Heads of columns that are left out when there is no room for all, first to last. */
  readonly leaveOut?: readonly string[];
}

/** Lays `rows` out in columns: the first flush left, the others flush right, each row indented by two. Columns move
 * closer together when they would not fit, and then those of `leaveOut` go. */
export function layTable(
  rows: readonly (readonly string[])[],
  { width = SCREEN_WIDTH, leaveOut = [] }: TableRoom = {},
): readonly string[] {
  const [name, ...others] = leaveOut;
  const lines = layAll(rows, width);
  if (name === undefined || lines.every((line) => line.length <= width)) return lines;
  const at = rows[0]?.indexOf(name) ?? -1;
  const fewer = at < 1 ? rows : rows.map((row) => row.filter((_, column) => column !== at));
  return layTable(fewer, { width, leaveOut: others });
}

/** As {@linkcode layTable}; each row becomes lines of a column's head and its cell where the window is too narrow. */
export function layTableOrRows(
  rows: readonly (readonly string[])[],
  columns?: number,
): readonly string[] {
  const lines = layTable(rows, { width: screenWidth(columns) });
  if (columns === undefined || lines.every((line) => line.length < columns)) return lines;
  const [head = [], ...others] = rows;
  return others.flatMap((row) => layRow(head, row));
}

function layRow(head: readonly string[], row: readonly string[]): readonly string[] {
  const labels = head.map((label, at) => at === 0 ? label : `  ${label}`);
  const widest = Math.max(0, ...labels.map((label) => label.length));
  return row.map((cell, at) => `  ${(labels[at] ?? "").padEnd(widest)}  ${cell}`.trimEnd());
}

function layAll(rows: readonly (readonly string[])[], most: number): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const wide = widths.reduce((sum, width) => sum + width + 2, 0);
  const gap = wide > most ? " " : "  ";
  return rows.map((row) => `  ${row.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join(gap)}`.trimEnd());
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** Breaks `text` at spaces into lines of at most `width`; further lines start with `indent`. Leading spaces stay. */
export function wrapText(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? "";
  let isEmpty = true;
  for (const word of text.trim().split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      [line, isEmpty] = [indent, true];
    }
    line = isEmpty ? line + word : `${line} ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
