import type { Context } from "hono";
import { errorAnswer, jsonAnswer, toResponse } from "../answer.ts";
import type { HttpLog } from "../log.ts";
import type { HttpEnv } from "./route.ts";

/** A node whose level can be changed. */
export interface LogLevelView {
  /** Logs records of `level` and above from now on. Throws `RangeError` when it is no level, `TypeError` when the node
   * logs to a logger of the application's own. */
  setLogLevel(level: string): void;
}

/** `POST /admin/log_level` with `{"level": "debug"}`: what is logged from now on. 400 for what is no level, 409 for a
 * node that logs elsewhere. */
export async function changeLogLevel(
  context: Context<HttpEnv>,
  node: LogLevelView,
  log: HttpLog,
): Promise<Response> {
  const level = levelIn(await context.req.text());
  if (level === undefined) {
    return toResponse(errorAnswer(400, 'Cannot read the log level: want {"level": "debug"} as JSON'));
  }
  log.warn("asked over HTTP to change the log level", { peer: context.env.remoteAddress, level });
  try {
    node.setLogLevel(level);
  } catch (error) {
    if (error instanceof RangeError) return toResponse(errorAnswer(400, error.message));
    if (error instanceof TypeError) return toResponse(errorAnswer(409, error.message));
    throw error;
  }
  return toResponse(jsonAnswer(200, { level }));
}

/** Levels are short words: what is longer is none, and need not be logged. */
const MAX_LEVEL_LENGTH = 16;

function levelIn(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("level" in body)) return undefined;
    const { level } = body;
    return typeof level === "string" && level.length <= MAX_LEVEL_LENGTH ? level : undefined;
  } catch {
    return undefined; // no JSON
  }
}
