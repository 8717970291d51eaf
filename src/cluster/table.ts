/** The table of nodes as text. Pure. */
import type { NodeNumbers } from "./probe.ts";

/** What a row shows: the lifecycle's states, and `unready` for a node that was ready and says it is not. */
export type ShownState = typeof SHOWN_STATES[number];

const SHOWN_STATES = ["starting", "ready", "unready", "draining", "backoff", "stopped"] as const;

/** True for the name of a {@linkcode ShownState}. */
export function isShownState(value: unknown): value is ShownState {
  return SHOWN_STATES.some((state) => state === value);
}

/** One node as operators see it. */
export interface NodeView {
  readonly port: number;
  readonly pid?: number;
  readonly state: ShownState;
  /** How often it was started again. */
  readonly restarts: number;
  readonly numbers: NodeNumbers;
}

/** Where the table has to fit, in characters. */
export interface TableSize {
  readonly columns: number;
  readonly rows: number;
}

interface Column {
  readonly title: string;
  /** Columns with the lowest worth go first when there is no room. */
  readonly worth: number;
  readonly isText?: boolean;
  readonly cell: (view: NodeView) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "NODE", worth: 1, isText: true, cell: (v) => v.numbers.node ?? "-" },
  { title: "PID", worth: 4, cell: (v) => v.pid?.toString() ?? "-" },
  { title: "PORT", worth: 9, cell: (v) => v.port.toString() },
  { title: "STATE", worth: 8, isText: true, cell: (v) => v.state },
  { title: "CONNS", worth: 7, cell: (v) => shortNumber(v.numbers.connections) },
  { title: "IN/S", worth: 6, cell: (v) => shortNumber(v.numbers.messagesInPerSec) },
  { title: "OUT/S", worth: 5, cell: (v) => shortNumber(v.numbers.messagesOutPerSec) },
  { title: "LAG", worth: 3, cell: (v) => shortMs(v.numbers.lagMs) },
  { title: "MEMORY", worth: 2, cell: (v) => megabytes(v.numbers.rssBytes) },
];

const GAP = "  ";

/**
 * The table's lines, none longer than `size.columns`, at most `size.rows` of them. Columns that matter least go first,
 * then nodes at the end. `paint` colours a state and must not change its width.
 */
export function renderTable(
  views: readonly NodeView[],
  size: TableSize,
  paint: (state: ShownState, text: string) => string = (_, text) => text,
): readonly string[] {
  const columns = fittingColumns(views, size.columns);
  const shown = views.length + 1 <= size.rows ? views : views.slice(0, Math.max(0, size.rows - 2));
  const lines = [
    columns.map(({ column, width }) => pad(column, column.title, width)).join(GAP),
    ...shown.map((view) => rowLine(view, columns, paint)),
  ];
  if (shown.length < views.length) lines.push(`... and ${views.length - shown.length} more nodes`);
  return lines.slice(0, Math.max(0, size.rows));
}

interface SizedColumn {
  readonly column: Column;
  readonly width: number;
}

function fittingColumns(views: readonly NodeView[], maxWidth: number): readonly SizedColumn[] {
  let sized = COLUMNS.map((column) => ({ column, width: widthOf(column, views) }));
  while (sized.length > 1 && totalWidth(sized) > maxWidth) {
    const least = Math.min(...sized.map(({ column }) => column.worth));
    sized = sized.filter(({ column }) => column.worth !== least);
  }
  return sized;
}

function widthOf(column: Column, views: readonly NodeView[]): number {
  return Math.max(column.title.length, ...views.map((view) => column.cell(view).length));
}

function totalWidth(columns: readonly SizedColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP.length * (columns.length - 1));
}

function rowLine(
  view: NodeView,
  columns: readonly SizedColumn[],
  paint: (state: ShownState, text: string) => string,
): string {
  return columns.map(({ column, width }) => {
    const cell = pad(column, column.cell(view), width);
    return column.title === "STATE" ? paint(view.state, cell) : cell;
  }).join(GAP);
}

function pad(column: Column, text: string, width: number): string {
  return column.isText ? text.padEnd(width) : text.padStart(width);
}

/** `value` in at most five characters. */
export function shortNumber(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value < 99_999.5) return Math.round(value).toString();
  if (value < 999_500) return `${Math.round(value / 1_000)}k`;
  return value < 99_950_000 ? `${(value / 1_000_000).toFixed(1)}M` : `${Math.round(value / 1_000_000)}M`;
}

function shortMs(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value < 9.95) return `${value.toFixed(1)}ms`;
  return value < 9_999.5 ? `${Math.round(value)}ms` : `${Math.round(value / 1_000)}s`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : `${Math.round(bytes / 1_048_576)}MB`;
}
