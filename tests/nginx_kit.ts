/** An nginx of ours in front of upstreams that answer with what reached them. */
import { NginxServer, type NginxTestOptions } from "../src/testing/nginx_server.ts";
import { unusedPorts } from "../src/testing/unused_ports.ts";
import { until } from "../src/testing/waiting.ts";
import { RawClient } from "./http_kit.ts";

/** What reached an upstream. */
export interface Seen {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server that answers with what it saw, or with the status that it is told. */
export class Upstream implements AsyncDisposable {
  readonly seen: Seen[] = [];
  status = 200;
  readonly #server: Deno.HttpServer;

  constructor(readonly port: number) {
    this.#server = Deno.serve(
      { port, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const body = await request.text();
    const seen = { port: this.port, method: request.method, path: pathname + search, headers, body };
    this.seen.push(seen);
    return Response.json(seen, { status: this.status });
  }
}

/** An nginx and its upstreams. */
export class Front implements AsyncDisposable {
  private constructor(readonly nginx: NginxServer, readonly upstreams: readonly Upstream[]) {}

  static async open(count: number, options: Partial<NginxTestOptions> = {}): Promise<Front> {
    const upstreams = unusedPorts(count).map((port) => new Upstream(port));
    try {
      const servers = upstreams.map(({ address }) => address);
      return new Front(await NginxServer.open({ ...options, servers }), upstreams);
    } catch (error) {
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
      throw error;
    }
  }

  get seen(): readonly Seen[] {
    return this.upstreams.flatMap(({ seen }) => seen);
  }

  /** Asks by `fetch`, on a connection of the pool. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.nginx.url}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
  }

  /** The port of the upstream that answers. */
  async portOf(path: string, init: RequestInit = {}): Promise<number> {
    const seen: Seen = await (await this.ask(path, init)).json();
    return seen.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nginx[Symbol.asyncDispose]();
    for (const upstream of this.upstreams) await upstream[Symbol.asyncDispose]();
  }
}

/** Sends bytes as they are and answers all that comes back until the end of the connection. */
export async function exchange(port: number, text: string): Promise<string> {
  await using client = await RawClient.connect(port);
  await client.write(text);
  await until("the connection ends", () => client.isEnded, 5_000);
  return client.text;
}
