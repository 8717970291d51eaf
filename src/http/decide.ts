import type { Acceptor } from "../server/mod.ts";
import { checkOrigin, checkRequest, type HeaderView, type RequestFacts } from "./access.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import { keptOut } from "./gate.ts";
import type { TransportOptions } from "./options.ts";

/** A request as far as it is looked at before it is routed. */
export interface RequestHead extends RequestFacts {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
}

const WEBSOCKET_KEY = /^[+/0-9A-Za-z]{22}==$/;
const WEBSOCKET_VERSION = "13";

/**
 * What becomes of a request: an answer to give at once, who takes the WebSocket that it
 * asks for, or undefined: the router has the answer.
 */
export function decide(head: RequestHead, options: TransportOptions): Answer | Acceptor | undefined {
  const refusal = checkRequest(head, options.access);
  if (refusal !== undefined) return errorAnswer(refusal.status, refusal.message);
  const isRead = head.method === "GET" || head.method === "HEAD";
  const probed = isRead ? options.app.probe(head.path) : undefined;
  if (probed !== undefined) return probed;
  if (isWebSocket(head.headers)) return decideUpgrade(head, options);
  if (isRead && options.acceptorFor(head.path) !== undefined) return upgradeRequired();
  return undefined;
}

function decideUpgrade(head: RequestHead, options: TransportOptions): Answer | Acceptor {
  const refusal = checkOrigin(head, options.access);
  if (refusal !== undefined) return errorAnswer(refusal.status, refusal.message);
  const acceptor = options.acceptorFor(head.path);
  if (acceptor === undefined) {
    return errorAnswer(
      404,
      `Cannot open a WebSocket at ${JSON.stringify(head.path.slice(0, 200))}: nothing is there`,
    );
  }
  if (typeof acceptor !== "function") return acceptor;
  return badHandshake(head) ?? keptOut(head, options) ?? acceptor;
}

/** True when the headers ask for a WebSocket, well-formed or not. */
export function isWebSocket(headers: HeaderView): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

function badHandshake(head: RequestHead): Answer | undefined {
  const { headers, method } = head;
  if (method !== "GET") {
    return errorAnswer(405, `Cannot open a WebSocket by ${method}: use GET`, { allow: "GET" });
  }
  if (!headers.get("connection")?.toLowerCase().includes("upgrade")) {
    return errorAnswer(400, 'Cannot open a WebSocket: header Connection lacks "Upgrade"');
  }
  if (headers.get("sec-websocket-version") !== WEBSOCKET_VERSION) {
    return errorAnswer(426, "Cannot open a WebSocket: header Sec-WebSocket-Version is not 13", {
      "sec-websocket-version": WEBSOCKET_VERSION,
    });
  }
  if (WEBSOCKET_KEY.test(headers.get("sec-websocket-key") ?? "")) return undefined;
  return errorAnswer(400, "Cannot open a WebSocket: header Sec-WebSocket-Key is missing or malformed");
}

function upgradeRequired(): Answer {
  return errorAnswer(426, "Cannot answer here: open a WebSocket", {
    upgrade: "websocket",
    connection: "Upgrade",
  });
}

/** The first offered subprotocol that is spoken, or undefined. */
export function chooseSubprotocol(
  offered: string | null | undefined,
  spoken: readonly string[] | undefined,
): string | undefined {
  if (!offered || spoken === undefined) return undefined;
  return offered.split(",").map((name) => name.trim()).find((name) => spoken.includes(name));
}
