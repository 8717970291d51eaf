/** Line coverage from an lcov report. Pure. */

/** Lines of one file or folder: how many count, and how many ran. */
export interface LineCoverage {
  readonly name: string;
  readonly lines: number;
  readonly hit: number;
}

/** Reads an lcov report into one record per file, named by its path from `root` (which ends with a slash). */
export function parseLcov(report: string, root: string): readonly LineCoverage[] {
  return report.split("end_of_record").flatMap((record) => {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (path === undefined) return [];
    const hits = [...record.matchAll(/^DA:\d+,(\d+)/gm)].map(([, count]) => Number(count));
    const name = path.startsWith(root) ? path.slice(root.length) : path;
    return [{ name, lines: hits.length, hit: hits.filter((count) => count > 0).length }];
  });
}

/** Percent of lines that ran; a file without lines is covered. */
export function percentOf(coverage: LineCoverage): number {
  return coverage.lines === 0 ? 100 : (100 * coverage.hit) / coverage.lines;
}

/** Sums the files of each folder. A folder without any covered file counts as 0 of 1 line: it was never loaded. */
export function sumFolders(
  files: readonly LineCoverage[],
  folders: readonly string[],
): readonly LineCoverage[] {
  return folders.map((folder) => {
    const inside = files.filter((file) => file.name.startsWith(`${folder}/`));
    if (inside.length === 0) return { name: folder, lines: 1, hit: 0 };
    return { name: folder, lines: sum(inside, "lines"), hit: sum(inside, "hit") };
  });
}

function sum(files: readonly LineCoverage[], key: "lines" | "hit"): number {
  return files.reduce((total, file) => total + file[key], 0);
}

/** The `count` files with most lines that never ran, worst first. */
export function worstFiles(files: readonly LineCoverage[], count: number): readonly LineCoverage[] {
  const missed = (file: LineCoverage) => file.lines - file.hit;
  return files.filter((file) => missed(file) > 0).sort((a, b) => missed(b) - missed(a)).slice(0, count);
}

/** One line of a coverage table. */
export function formatCoverage(coverage: LineCoverage): string {
  const counts = `${coverage.hit}/${coverage.lines}`.padStart(12);
  return `${percentOf(coverage).toFixed(1).padStart(6)} % ${counts}  ${coverage.name}`;
}
