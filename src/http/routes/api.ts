import type { Context, Hono } from "hono";
import { type ClientError, errorTable } from "../../core/errors.ts";
import { VERSION } from "../../core/version.ts";
import { ERROR_MODE_HEADER, openApiDocument } from "../../protocol/api/openapi.ts";
import { parseExact } from "../../protocol/exact_json.ts";
import { type ApiCaller, OutOfScopeError, type ServerApi } from "../../server/mod.ts";
import { type Answer, jsonAnswer, toResponse } from "../answer.ts";
import { presentedKey } from "./api_key.ts";
import { type HttpEnv, methodNotAllowed, readOnlyRoute, type RouteHandler } from "./route.ts";

const NO_KEYS = "no API key is configured: set api_keys (SHOAL_API_KEYS)";
const WRONG_KEY = "want header X-API-Key with a key of api_keys";

/** `POST /api/{method}`, and the OpenAPI document. */
export function apiRoutes(app: Hono<HttpEnv>, api: ServerApi): void {
  const document = jsonAnswer(200, openApiDocument(VERSION));
  readOnlyRoute(app, "/api/openapi.json", () => toResponse(document));
  app.post("/api/:method", withKey(api, (caller, context) => answerCall(api, caller, context)));
  app.all("/api/:method", (context) => toResponse(methodNotAllowed(context.req.method, ["POST"])));
}

type KeyHandler = (caller: ApiCaller, context: Context<HttpEnv>) => Answer | Promise<Answer>;

/** 401 without a key that is known, before anything else is looked at. */
function withKey(api: ServerApi, handler: KeyHandler): RouteHandler {
  return async (context) => {
    const key = presentedKey(context.env);
    const caller = key === undefined ? undefined : api.keys.find(key);
    if (caller !== undefined) return toResponse(await handler(caller, context));
    return toResponse(unauthorized(api.keys.isEmpty ? NO_KEYS : WRONG_KEY));
  };
}

async function answerCall(api: ServerApi, caller: ApiCaller, context: Context<HttpEnv>): Promise<Answer> {
  const isTransport = context.req.header(ERROR_MODE_HEADER) === "transport";
  const text = await context.req.text();
  try {
    const result = await api.call(caller, context.req.param("method") ?? "", requestOf(text));
    return jsonAnswer(200, { result });
  } catch (thrown) {
    const error = api.errorOf(thrown);
    if (error instanceof OutOfScopeError) return failure(403, error);
    return failure(isTransport ? error.status : 200, error);
  }
}

/** The request; undefined for what is no JSON, which no schema takes. An empty body is an empty request. */
function requestOf(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

function unauthorized(detail: string): Answer {
  const { code, message } = errorTable.unauthorized;
  return jsonAnswer(401, { error: { code, message: `${message}: ${detail}` } }, {
    "www-authenticate": "apikey",
  });
}

function failure(status: number, { code, message }: ClientError): Answer {
  return jsonAnswer(status, { error: { code, message } });
}
