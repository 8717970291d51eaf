/** `GET /metrics` of a run, for Prometheus. */
import { UsageError } from "../../usage_error.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";

/** Where to listen. */
export interface ListenAddress {
  readonly hostname: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Listens from its opening until it is disposed of. */
export interface MetricsEndpoint extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
}

/** Reads `:9464`, `9464`, `0.0.0.0:9464` or `[::]:9464`; loopback when no host is named. Throws {@linkcode UsageError}. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain = "", digits = ""] =
    /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) {
    throw new UsageError(`Cannot read address "${text}": write it like :9464 or 0.0.0.0:9464`);
  }
  return { hostname: bracketed ?? (plain === "" ? "127.0.0.1" : plain), port };
}

/** Opens it; `page` is asked at each request. Throws {@linkcode UsageError} when the address cannot be had. */
export function openMetricsEndpoint(address: ListenAddress, page: () => string): MetricsEndpoint {
  const server = listen(address, (request) => answer(request, page));
  const { hostname, port } = server.addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${host}:${port}/metrics`,
    [Symbol.asyncDispose]: async () => await server.shutdown(),
  };
}

function listen(
  address: ListenAddress,
  handler: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...address, onListen: () => {} }, handler);
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.AddrNotAvailable ||
      error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
    if (!isTaken) throw error;
    const where = `${address.hostname}:${address.port}`;
    throw new UsageError(
      `Cannot serve metrics at ${where}: ${error.message}; choose another with --prometheus`,
    );
  }
}

function answer(request: Request, page: () => string): Response {
  if (new URL(request.url).pathname !== "/metrics") {
    return new Response("The metrics are at /metrics\n", { status: 404 });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Only GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  return new Response(page(), { headers: { "content-type": EXPOSITION_TYPE } });
}
