/** The client protocol over plain HTTP: two kinds of streams for replies, and posts for commands. */
import type { Context, Hono } from "hono";
import { toClientError } from "../../core/errors.ts";
import { utf8Length } from "../../core/utf8.ts";
import { WORKSPACE_ID } from "../../protocol/channel_name.ts";
import { PROTOBUF_MEDIA_TYPE } from "../../protocol/codec.ts";
import { decodeEmulationPost } from "../../protocol/protobuf/decode.ts";
import { type EmulationPost, parseEmulationPost } from "../../protocol/emulation_post.ts";
import { type Acceptor, RESERVED_SEGMENTS } from "../../server/mod.ts";
import { checkOrigin, clientAddress } from "../access.ts";
import { type Answer, errorAnswer, toResponse } from "../answer.ts";
import { CloseSweep } from "../close_sweep.ts";
import { corsHeaders, preflightAnswer } from "../cors.ts";
import { type Gate, keptOut } from "../gate.ts";
import { eventFraming, lineFraming } from "../fallback/framings.ts";
import { type StreamShared, StreamSocket } from "../fallback/stream_socket.ts";
import { RequestHandshake } from "../handshake.ts";
import type { HttpLog } from "../log.ts";
import { type HttpEnv, methodNotAllowed, type RouteHandler } from "./route.ts";

/** The node as clients see it that speak over HTTP. */
export interface FallbackView extends Gate {
  /** Largest frame of commands, bytes. */
  readonly maxMessageBytes: number;
  /** Who takes a stream; `workspace` is what its URL names. */
  streamAcceptor(workspace: string | undefined): Acceptor;
  /** Hands commands to the client that they are of, on any node. Rejects with a `ClientError`. */
  post(post: EmulationPost, workspace: string | undefined): Promise<void>;
}

type HttpContext = Context<HttpEnv>;

/** How long a peer may take to read what it was still owed when its stream was closed. */
const LAST_READ_WITHIN_MS = 5_000;

/** A stream of no known end, which nobody on the way may keep or change. */
const STREAM_HEADERS = { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" };

/** Serves `/connection/http_stream`, `/connection/sse` and `/emulation`, alone and under a workspace. */
export function fallbackRoutes(app: Hono<HttpEnv>, node: FallbackView, log: HttpLog): void {
  const shared: StreamShared = { sweep: new CloseSweep(LAST_READ_WITHIN_MS), log };
  serve(app, node, "/connection/http_stream", "POST", async (context) => {
    const body = await readBody(context, node.maxMessageBytes);
    if (!(body instanceof Uint8Array)) return answer(context, body);
    const contentType = isProtobuf(context) ? PROTOBUF_MEDIA_TYPE : "application/x-ndjson";
    return openStream(context, node, body, contentType, new StreamSocket(lineFraming, shared));
  });
  serve(app, node, "/connection/sse", "GET", (context) => {
    const connect = context.req.query("cf_connect") ?? "";
    if (connect === "") return answer(context, errorAnswer(400, "Cannot connect: cf_connect is missing"));
    return openStream(context, node, connect, "text/event-stream", new StreamSocket(eventFraming, shared));
  });
  serve(app, node, "/emulation", "POST", async (context) => {
    // What may be posted is bounded by the data in it: in JSON a frame may be several times as long.
    const body = await readBody(context, Infinity);
    if (!(body instanceof Uint8Array)) return answer(context, body);
    const post = isProtobuf(context) ? decodeEmulationPost(body) : parseEmulationPost(textOf(body));
    return answer(context, await takePost(node, post, workspaceOf(context)));
  });
}

/** One method at `path` and at `/{workspace}` + `path`, with preflight and origin check; others get 405. */
function serve(
  app: Hono<HttpEnv>,
  node: FallbackView,
  path: string,
  method: "GET" | "POST",
  handler: RouteHandler,
): void {
  const route: RouteHandler = (context) => {
    const { raw } = context.req;
    if (!isWorkspace(context.req.param("workspace"))) return context.notFound();
    if (raw.method === "OPTIONS") {
      return plain(preflightAnswer(context.env, node.access, `${method}, OPTIONS`));
    }
    const refusal = checkOrigin(context.env, node.access);
    if (refusal !== undefined) return plain(errorAnswer(refusal.status, refusal.message));
    // HEAD comes here as a GET, and would leave a stream behind that nobody reads.
    if (raw.method !== method) return answer(context, methodNotAllowed(raw.method, [method, "OPTIONS"]));
    return handler(context);
  };
  app.all(path, route);
  app.all(`/:workspace${path}`, route);
}

function isWorkspace(name: string | undefined): boolean {
  return name === undefined || (WORKSPACE_ID.test(name) && !RESERVED_SEGMENTS.has(name));
}

function workspaceOf(context: HttpContext): string | undefined {
  return context.req.param("workspace");
}

function isProtobuf(context: HttpContext): boolean {
  return context.env.headers.get("content-type") === PROTOBUF_MEDIA_TYPE;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A body; an answer when it is empty or too long. */
async function readBody(context: HttpContext, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Answer> {
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  if (bytes.length === 0) return errorAnswer(400, "Cannot read the commands: the body is empty");
  if (bytes.length <= maxBytes) return bytes;
  return errorAnswer(413, `Cannot take the commands: want at most ${maxBytes} bytes (max_message_bytes)`);
}

function openStream(
  context: HttpContext,
  node: FallbackView,
  commands: string | Uint8Array<ArrayBuffer>,
  contentType: string,
  socket: StreamSocket,
): Response {
  const refusal = keptOut(context.env, node);
  if (refusal !== undefined) return answer(context, refusal);
  // Without the query: an event stream is text, whatever else it might ask for.
  const handshake = new RequestHandshake(
    clientAddress(context.env, node.access),
    context.req.path,
    "",
    context.env.headers,
  );
  socket.open(node.streamAcceptor(workspaceOf(context)), handshake);
  socket.receive(commands);
  return new Response(socket.body, {
    headers: { ...STREAM_HEADERS, ...corsHeaders(context.env), "content-type": contentType },
  });
}

async function takePost(
  node: FallbackView,
  post: EmulationPost | undefined,
  workspace: string | undefined,
): Promise<Answer> {
  if (post === undefined) {
    return errorAnswer(400, "Cannot read the post: want {session, node, data}, in JSON texts");
  }
  if (sizeOf(post.data) > node.maxMessageBytes) {
    return errorAnswer(
      413,
      `Cannot take data: want at most ${node.maxMessageBytes} bytes (max_message_bytes)`,
    );
  }
  try {
    await node.post(post, workspace);
    return { status: 204, headers: {}, body: "" };
  } catch (thrown) {
    const { code, message } = toClientError(thrown);
    return errorAnswer(POST_STATUS.get(code) ?? 503, `Cannot hand on the commands: ${message}`);
  }
}

function sizeOf(data: string | Uint8Array): number {
  return typeof data === "string" ? utf8Length(data) : data.length;
}

/**
 * By error code. SDKs connect anew after 404 and 5xx, and after others only fail the command: so a node that has left is
 * an unknown session, and one that does not answer must not be waited for.
 */
const POST_STATUS: ReadonlyMap<number, number> = new Map([[404, 404], [410, 404], [408, 504], [413, 413]]);

/** An answer that the page may read whose origin was let through. */
function answer(context: HttpContext, { status, headers, body }: Answer): Response {
  return plain({ status, headers: { ...headers, ...corsHeaders(context.env) }, body });
}

function plain(answer: Answer): Response {
  const { status, headers } = answer;
  return status === 204 ? new Response(null, { status, headers }) : toResponse(answer);
}
