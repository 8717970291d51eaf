/** `deno task cluster stop`. */
import { connectControl, type ControlLine } from "./control_client.ts";
import { type ControlAddress, controlPath, listControlFiles, readControlFile } from "./control_file.ts";
import { parseEnding } from "./control_protocol.ts";

/** Which cluster to end. */
export interface StopOptions {
  /** Port of its first node. */
  readonly port: number;
  /** Folder it was started in; the current one by default. */
  readonly directory?: string;
}

/** A drain may take 45 s; the rest is for what comes after it. */
const END_WITHIN_MS = 60_000;

/** Ends a running cluster and waits for its end. Answers the exit code: 0 when it ended, 1 when there is none. */
export async function stopCluster({ port, directory = Deno.cwd() }: StopOptions): Promise<number> {
  const address = await readControlFile(directory, port);
  if (address === undefined) return await sayNothingRuns(directory, port);
  using line = await connectControl(address);
  if (line === undefined) return sayStale(directory, address);
  console.log(`Ending the cluster on port ${port} (pid ${line.pid})`);
  const deadline = setTimeout(() => line[Symbol.dispose](), END_WITHIN_MS);
  try {
    return await waitForEnd(line, port);
  } finally {
    clearTimeout(deadline);
  }
}

async function waitForEnd(line: ControlLine, port: number): Promise<number> {
  await line.send("stop");
  for await (const text of line.answers) {
    const answer = parseEnding(text);
    switch (answer?.event) {
      case "ending":
        console.log(`${answer.total - answer.left} of ${answer.total} nodes ended`);
        break;
      case "ended":
        console.log(`The cluster on port ${port} has ended`);
        return 0;
      case "refused":
        console.error(answer.reason);
        return 1;
    }
  }
  console.error(
    `The supervisor (pid ${line.pid}) went away without a last word: look with \`ps\` what is left`,
  );
  return 1;
}

async function sayNothingRuns(directory: string, port: number): Promise<number> {
  console.error(
    `No cluster runs on port ${port}: there is no ${controlPath(directory, port)}.\n` +
      "Run this in the folder the cluster was started in, and name the port of its first node with --port.",
  );
  const others = (await listControlFiles(directory)).filter((other) => other !== port);
  if (others.length > 0) console.error(`Known in this folder: ${others.join(", ")}.`);
  return 1;
}

function sayStale(directory: string, { port, pid }: ControlAddress): number {
  console.error(
    `No cluster runs on port ${port}: its supervisor (pid ${pid}) is gone without its good-bye, and its nodes with it.\n` +
      `${controlPath(directory, port)} is a leftover; the next start replaces it.`,
  );
  return 1;
}
