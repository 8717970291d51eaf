/** Whether Redis can be reached, asked before nodes are started that would only wait for it. */
import { reasonOf } from "../../core/reason.ts";
import { withoutSecrets } from "../without_secrets.ts";

const REACH_WITHIN_MS = 3_000;
const USUAL_PORT = 6379;

/** Why nothing at `url` takes a connection within three seconds, with the next step; undefined when something does. */
export async function redisTrouble(url: string, signal: AbortSignal): Promise<string | undefined> {
  const address = addressOf(url);
  if (address === undefined) {
    return `Cannot read --redis "${withoutSecrets(url)}": write it like redis://127.0.0.1:6379`;
  }
  const { hostname, port } = address;
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(REACH_WITHIN_MS)]);
    (await Deno.connect({ hostname, port, signal: within })).close();
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    const cause = reasonOf(error);
    return `Cannot reach Redis at ${hostname}:${port}: ${cause}. Start redis-server, or correct --redis`;
  }
}

function addressOf(url: string): { readonly hostname: string; readonly port: number } | undefined {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  if (hostname === "") return undefined;
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? USUAL_PORT : Number(port) };
}
