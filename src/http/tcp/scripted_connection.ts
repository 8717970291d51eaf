/** An {@linkcode HttpConnection} for tests: its peer is a {@linkcode ScriptedStream}, its router the test's own. */
import { setImmediate } from "node:timers";
import type { Acceptor } from "../../server/mod.ts";
import { jsonAnswer, toResponse } from "../answer.ts";
import { CloseSweep } from "../close_sweep.ts";
import { defaultHttpLimits } from "../options.ts";
import { HttpConnection } from "./http_connection.ts";
import { ScriptedStream } from "./scripted_stream.ts";

export const HOST = "Host: localhost\r\n";
/** A request that is answered at once. */
export const HEALTH = `GET /health HTTP/1.1\r\n${HOST}\r\n`;
const limits = { ...defaultHttpLimits, maxBodyBytes: 1_000, maxHeaderBytes: 2_000 };

/** Answers what is not {@linkcode HEALTH}. */
export type Route = (request: Request) => Response | Promise<Response>;

const echo: Route = async (request) =>
  toResponse(jsonAnswer(200, { method: request.method, url: request.url, body: await request.text() }));

const acceptor: Acceptor = (socket) => ({
  onMessage(data) {
    if (typeof data === "string") {
      socket.send({
        text: data,
        isBinary: false,
        bytes: never,
        wire: () => new TextEncoder().encode("..."),
        size: 0,
      });
    }
  },
  onClose() {},
});

function never(): never {
  throw new Error("not asked for here");
}

/** A connection in open mode, with an echo at `/ws`. */
export function open(route: Route = echo, { isOpen = true } = {}) {
  const stream = new ScriptedStream();
  const logged: unknown[] = [];
  const log = {
    warn: (...what: unknown[]) => void logged.push(what),
    error: (...what: unknown[]) => void logged.push(what),
  };
  const options = {
    access: { isOpen, allowedOrigins: [] },
    limits,
    app: {
      probe: (path: string) => path === "/health" ? jsonAnswer(200, "fine") : undefined,
      fetch: (request: Request) => route(request),
    },
    acceptorFor: (path: string) => path === "/ws" ? acceptor : undefined,
    isFull: () => false,
    isDraining: () => false,
    transport: "tcp" as const,
    log,
  };
  const sockets = { maxMessageBytes: 100, sweep: new CloseSweep(5_000), sockets: new Set<never>(), log };
  const left: HttpConnection[] = [];
  const shared = { options, sockets, left: (connection: HttpConnection) => void left.push(connection) };
  const connection = new HttpConnection(stream, shared, performance.now());
  return { stream, connection, logged, left, sockets };
}

/** Lets all that waits for promises go on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The statuses of all answers in `sent`. */
export function statuses(sent: string): string[] {
  return [...sent.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? "");
}
