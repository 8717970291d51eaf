import type { Context } from "hono";
import { ClientError } from "../../core/errors.ts";
import { parseExact } from "../../protocol/exact_json.ts";
import { payloadOf } from "../../protocol/payload.ts";
import { DEFAULT_IDLE_MS, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "../../protocol/service_limits.ts";
import { Leash, type ServiceDoor, type ServiceVisitor, type VisitorCall } from "../../server/mod.ts";
import { type Answer, errorAnswer } from "../answer.ts";
import { ndjsonResponse } from "./ndjson.ts";
import { type HttpEnv, methodNotAllowed } from "./route.ts";

const TIMEOUT_HEADER = "x-shoal-timeout-ms";
const NDJSON = "application/x-ndjson";

/**
 * Calls a function: arguments from the query of a GET, which only a function may have that changes nothing, or from the
 * JSON body of a POST. One value is answered as `{"value": ...}`; a stream as a line of that for each item.
 */
export async function answerCall(
  gate: ServiceDoor,
  visitor: ServiceVisitor,
  context: Context<HttpEnv>,
): Promise<Answer | Response> {
  const { id = "", function: name = "" } = context.req.param();
  const isPost = context.req.method === "POST";
  if (isPost && !isJson(context.req.header("content-type"))) return wrongType();
  const shape = await gate.describe(visitor, id, name);
  if (!isPost && shape.safe !== true) return methodNotAllowed(context.req.method, ["POST"]);
  const isStream = shape.stream === true || (context.req.header("accept") ?? "").includes(NDJSON);
  const leash = leashOf(context.req.raw.signal);
  const call: VisitorCall = {
    service: id,
    function: name,
    args: isPost ? bodyArgs(await context.req.text()) : queryArgs(context.req.url),
    timeoutMs: timeoutOf(context.req.header(TIMEOUT_HEADER), isStream),
    isSafe: !isPost,
    leash,
  };
  if (isStream) return await ndjsonResponse((sink) => gate.open(visitor, call, sink), leash);
  const value = await gate.call(visitor, call);
  return { status: 200, headers: { "content-type": "application/json" }, body: `{"value":${value}}` };
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? "");
}

/** A browser sends this type to a foreign origin only after it has asked. */
function wrongType(): Answer {
  return errorAnswer(415, "Cannot take the arguments: want content-type application/json");
}

/** In one line: it stands in a frame of lines. An empty body is null. */
function bodyArgs(text: string): string {
  if (text.trim() === "") return "null";
  try {
    return payloadOf(parseExact(text));
  } catch (cause) {
    throw new ClientError("badRequest", { cause, detail: "the body is no JSON" });
  }
}

function queryArgs(url: string): string {
  return JSON.stringify(Object.fromEntries(new URL(url).searchParams));
}

function timeoutOf(header: string | undefined, isStream: boolean): number {
  if (header === undefined) return isStream ? DEFAULT_IDLE_MS : DEFAULT_TIMEOUT_MS;
  const timeoutMs = Number(header);
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw new ClientError("badRequest", { detail: `${TIMEOUT_HEADER}: want 1 to ${MAX_TIMEOUT_MS}` });
}

/** Ends what is under way when the caller hangs up. */
function leashOf(signal: AbortSignal): Leash {
  const leash = new Leash();
  if (signal.aborted) leash.pull();
  signal.addEventListener("abort", () => leash.pull(), { once: true });
  return leash;
}
