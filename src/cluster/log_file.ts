/** The log of a cluster without a terminal: a file, bounded by keeping one older one beside it. */
import type { ScreenTarget } from "./screen.ts";

/** At this size a log becomes the older one, `<path>.1`, in place of the one before. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Path of the log of the cluster whose first node is on `port`. */
export function logPath(directory: string, port: number): string {
  return `${directory}/.shoal/cluster-${port}.log`;
}

/** Writes to the end of the file at `path`. Rejects when it cannot be opened. `maxBytes` is for tests. */
export async function openLogFile(path: string, maxBytes = MAX_BYTES): Promise<ScreenTarget & Disposable> {
  let file = await openEnd(path);
  let size = (await file.stat()).size;
  return {
    hasColour: false,
    hasTimes: true,
    size: () => undefined,
    async write(bytes) {
      if (size >= maxBytes) {
        file.close();
        await Deno.rename(path, `${path}.1`);
        file = await openEnd(path);
        size = 0;
      }
      const written = await file.write(bytes);
      size += written;
      return written;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Readable by its owner only: nodes may log names of users. */
function openEnd(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { append: true, create: true, mode: 0o600 });
}
