/** `deno task cluster stop`. */
import type { ControlLine } from "./control_client.ts";
import { type ClusterPlace, reachCluster } from "./reach.ts";
import { parseEnding } from "./control_protocol.ts";

/** A drain may take 45 s; the rest is for what comes after it. */
const END_WITHIN_MS = 60_000;

/** Ends a running cluster and waits for its end. Answers the exit code: 0 when it ended, 1 when there is none. */
export async function stopCluster(place: ClusterPlace): Promise<number> {
  const reached = await reachCluster(place);
  if (reached === undefined) return 1;
  using line = reached.line;
  const { port } = reached;
  console.log(`Ending the cluster on port ${port} (pid ${line.pid})`);
  const deadline = setTimeout(() => line[Symbol.dispose](), END_WITHIN_MS);
  try {
    return await waitForEnd(line, port);
  } finally {
    clearTimeout(deadline);
  }
}

async function waitForEnd(line: ControlLine, port: number): Promise<number> {
  await line.send({ command: "stop" });
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
