import assert from "node:assert/strict";
import { TcpProxy } from "../src/testing/tcp_proxy.ts";

/** A server that sends back what it gets. */
class EchoServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly port = this.#listener.addr.port;
  readonly #serving = this.#serve();

  async #serve(): Promise<void> {
    const ends: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) ends.push(conn.readable.pipeTo(conn.writable).catch(() => {}));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

async function say(conn: Deno.TcpConn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

async function hear(conn: Deno.TcpConn): Promise<string | null> {
  const buffer = new Uint8Array(1_024);
  const count = await conn.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("TcpProxy passes both ways, holds all back while silent, and goes on afterwards", async () => {
  await using echo = await new EchoServer();
  await using proxy = new TcpProxy(echo.port);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await say(conn, "before");
  assert.equal(await hear(conn), "before");
  proxy.silence();
  await say(conn, "during");
  const answer = hear(conn);
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, "silence"))]);
  assert.equal(first, "silence");
  proxy.resume();
  assert.equal(await answer, "during");
});

Deno.test("TcpProxy.cut() ends its connections", async () => {
  await using echo = await new EchoServer();
  await using proxy = new TcpProxy(echo.port);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await say(conn, "before");
  assert.equal(await hear(conn), "before");
  proxy.cut();
  assert.equal(await hear(conn).catch(() => null), null);
});
