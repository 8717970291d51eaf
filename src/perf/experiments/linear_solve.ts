/** Small systems of linear equations. */

/** Solves `matrix` x = `right` by elimination with pivots; undefined when there is no single answer. */
export function solveLinear(
  matrix: readonly (readonly number[])[],
  right: readonly number[],
): readonly number[] | undefined {
  const size = right.length;
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  const cell = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let column = 0; column < size; column++) {
    const pivot = pivotRow(rows, column, cell);
    if (Math.abs(cell(pivot, column)) < 1e-300) return undefined;
    const [upper = [], lower = []] = [rows[pivot], rows[column]];
    [rows[column], rows[pivot]] = [upper, lower];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = cell(row, column) / cell(column, column);
      rows[row] = (rows[row] ?? []).map((value, at) => value - factor * cell(column, at));
    }
  }
  const answer = rows.map((_, row) => cell(row, size) / cell(row, row));
  return answer.every(Number.isFinite) ? answer : undefined;
}

/** The row from `column` down with the largest value there. */
function pivotRow(
  rows: readonly unknown[],
  column: number,
  cell: (row: number, column: number) => number,
): number {
  let best = column;
  for (let row = column + 1; row < rows.length; row++) {
    if (Math.abs(cell(row, column)) > Math.abs(cell(best, column))) best = row;
  }
  return best;
}
