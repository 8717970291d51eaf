/** `deno task cluster reload` and `scale N`. */
import { parseChange } from "./control_protocol.ts";
import type { ControlLine } from "./control_client.ts";
import { type ClusterPlace, reachCluster } from "./reach.ts";

/** Replaces the nodes of a running cluster one by one, and prints each step. Answers 0 when all were replaced, else 1. */
export async function reloadCluster(place: ClusterPlace): Promise<number> {
  return await change(place, { command: "reload" });
}

/** Brings a running cluster to `count` nodes, and prints each step. Answers 0 when it has so many, else 1. */
export async function scaleCluster(place: ClusterPlace, count: number): Promise<number> {
  return await change(place, { command: "scale", count });
}

async function change(
  place: ClusterPlace,
  request: { readonly command: "reload" | "scale"; readonly count?: number },
): Promise<number> {
  const reached = await reachCluster(place);
  if (reached === undefined) return 1;
  using line = reached.line;
  await line.send(request);
  return await printUntilDone(line);
}

/** Without a deadline of its own: each step has one in the supervisor, whose end would be the end of the line. */
async function printUntilDone(line: ControlLine): Promise<number> {
  for await (const text of line.answers) {
    const answer = parseChange(text);
    switch (answer?.event) {
      case "progress":
        console.log(answer.text);
        break;
      case "done":
        return answer.isComplete ? 0 : 1;
      case "refused":
        console.error(answer.reason);
        return 1;
    }
  }
  console.error(`The supervisor (pid ${line.pid}) went away without a last word`);
  return 1;
}
