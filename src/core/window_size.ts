/** The size of a terminal, for tables. */

/** In characters. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** What is taken for a terminal that does not know its size. */
export const USUAL_WINDOW: WindowSize = { columns: 80, rows: 24 };

/** `size`, or the usual one where it is 0: terminals without a window (containers, `script`, `expect`) say so. */
export function windowSizeOf({ columns, rows }: WindowSize): WindowSize {
  return { columns: columns || USUAL_WINDOW.columns, rows: rows || USUAL_WINDOW.rows };
}
