/** The HTTP side of the client manager: checks what comes in, and answers in JSON, faults included. */
import { bodyOf, Refusal } from "./body.ts";
import type { ClientPool } from "./pool.ts";

/** A node takes 64 KiB at once, the command around the data included, and ends a client that sends more. */
const MAX_DATA_BYTES = 60 * 1024;
const MAX_CHANNEL = 255;
const MAX_PAGE = 1_000;

type Handler = (pool: ClientPool, request: Request, url: URL) => unknown;

const routes: Readonly<Record<string, Handler>> = {
  "POST /clients": openClients,
  "GET /clients": listClients,
  "DELETE /clients": (pool) => ({ closed: pool.closeAll() }),
  "DELETE /clients/:id": closeClient,
  "POST /send": send,
  "GET /stats": (pool) => pool.stats(),
};

/** A handler for `Deno.serve`. It trusts every program of this machine, but no page in a browser. */
export function createApi(pool: ClientPool): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      refuseBrowsers(request);
      const url = new URL(request.url);
      return Response.json(await handlerFor(request.method, url.pathname)(pool, request, url));
    } catch (error) {
      const { status, message } = refusalOf(error);
      return Response.json({ error: { code: status, message } }, { status });
    }
  };
}

function handlerFor(method: string, path: string): Handler {
  const pattern = path.replace(/^\/clients\/[^/]+$/, "/clients/:id");
  const handler = routes[`${method} ${pattern}`];
  if (handler !== undefined) return handler;
  const methods = Object.keys(routes).filter((route) => route.endsWith(` ${pattern}`)).map((route) =>
    route.split(" ")[0]
  );
  if (methods.length > 0) throw new Refusal(405, `Cannot ${method} ${path}: want ${methods.join(" or ")}`);
  throw new Refusal(404, `Nothing is at ${path}: there are /clients, /clients/<id>, /send and /stats`);
}

async function openClients(pool: ClientPool, request: Request): Promise<unknown> {
  const { count = 1, channel = "fleet" } = await bodyOf(request);
  if (!isInteger(count) || count < 1) {
    throw new Refusal(400, "Cannot open clients: want count, an integer from 1");
  }
  if (typeof channel !== "string" || channel === "" || channel.length > MAX_CHANNEL) {
    throw new Refusal(400, `Cannot open clients: want channel, a text of 1 to ${MAX_CHANNEL} characters`);
  }
  if (count > pool.room) {
    throw new Refusal(409, `Cannot open ${count} clients: there is room for ${pool.room} (--max-clients)`);
  }
  return await pool.open(count, channel);
}

function listClients(pool: ClientPool, _request: Request, url: URL): unknown {
  const limit = numberOf(url, "limit", 100);
  if (limit < 1 || limit > MAX_PAGE) throw new Refusal(400, `Cannot list: want limit from 1 to ${MAX_PAGE}`);
  const clients = pool.list(numberOf(url, "after", 0), limit);
  const last = clients.length === limit ? clients.at(-1) : undefined;
  return { clients, total: pool.size, ...(last === undefined ? {} : { next: last.id }) };
}

function closeClient(pool: ClientPool, _request: Request, url: URL): unknown {
  const id = url.pathname.slice("/clients/".length);
  if (!pool.close(Number(id))) throw new Refusal(404, `Cannot close client ${id}: GET /clients lists all`);
  return { closed: 1 };
}

async function send(pool: ClientPool, request: Request): Promise<unknown> {
  const { client, data } = await bodyOf(request);
  if (data === undefined) throw new Refusal(400, "Cannot send: want data, any JSON value");
  if (new TextEncoder().encode(JSON.stringify(data)).length > MAX_DATA_BYTES) {
    throw new Refusal(413, `Cannot send: want data of at most ${MAX_DATA_BYTES} bytes`);
  }
  if (client === undefined) {
    if (pool.size === 0) throw new Refusal(409, "Cannot send: no client is open, POST /clients opens some");
    return await pool.send(data);
  }
  if (!isInteger(client) || !pool.has(client)) {
    throw new Refusal(404, `Cannot send through client ${client}: GET /clients lists all`);
  }
  return await pool.send(data, client);
}

/** Pages of any site may post to this machine, and a name may be pointed at it: both show here. */
function refuseBrowsers(request: Request): void {
  const isLocal = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(request.headers.get("host") ?? "");
  if (!isLocal || request.headers.has("origin")) {
    throw new Refusal(403, "Cannot serve this request: want host localhost or 127.0.0.1, and no origin");
  }
}

function numberOf(url: URL, name: string, otherwise: number): number {
  const text = url.searchParams.get(name) ?? String(otherwise);
  if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `Cannot use ${name} "${text}": want an integer`);
  return Number(text);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function refusalOf(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof Refusal) return error;
  console.error(error);
  return { status: 500, message: "The client manager failed: its terminal says why" };
}
