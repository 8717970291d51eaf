/** Hooks over HTTP: a backend that answers, errs, dawdles, lies and goes away, and what clients meet then. */
import assert from "node:assert/strict";
import { silentLogger } from "../src/core/log.ts";
import { createNode, type NodeCreation, type ShoalNode } from "../src/mod.ts";
import { type Line, WireClient } from "../src/testing/raw_client.ts";

const SECRET = "shared-with-the-backend";

interface Asked {
  readonly path: string;
  readonly authorization: string | null;
  // deno-lint-ignore no-explicit-any -- what a test looks into is whatever JSON came
  readonly body: any;
}

/** A team's backend on a free port. */
class TeamBackend implements AsyncDisposable {
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => Response | Promise<Response> = () => Response.json({});
  /** Requests that it is at now, and at most. */
  running = 0;
  most = 0;
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#take(request),
  );

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #take(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const asked = {
      path: pathname,
      authorization: request.headers.get("authorization"),
      body: await request.json(),
    };
    this.asked.push(asked);
    this.most = Math.max(this.most, ++this.running);
    try {
      return await this.answer(asked);
    } finally {
      this.running--;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

async function nodeWith(backend: TeamBackend, more: NodeCreation = {}): Promise<ShoalNode> {
  const node = await createNode({
    port: 0,
    log: silentLogger,
    hooksConnectUrl: `${backend.url}/connect`,
    hooksSubscribeUrl: `${backend.url}/subscribe`,
    hooksPublishUrl: `${backend.url}/publish`,
    hooksRpcUrl: `${backend.url}/rpc`,
    hooksRefreshUrl: `${backend.url}/refresh`,
    hooksSecret: SECRET,
    hooksTimeoutMs: 400,
    ...more,
  });
  await node.ready;
  return node;
}

/** Lets everybody in as `ann`, and answers the rest by `others`. */
function letIn(others: (asked: Asked) => Response | Promise<Response>): TeamBackend["answer"] {
  return (asked) => asked.path === "/connect" ? Response.json({ result: { user: "ann" } }) : others(asked);
}

const codeOf = ({ error }: Line) => error?.code;

Deno.test("hooks over HTTP are asked in the words of the wire, and their answers count", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  backend.answer = letIn(({ path, body }) => {
    if (path === "/subscribe") {
      return Response.json({ result: { allow: body.channel === "yes", data: { n: 1 } } });
    }
    if (path === "/publish") return Response.json({ result: { allow: true, data: { by: body.user } } });
    if (body.method === "big") return new Response('{"result":{"data":12345678901234567890}}');
    return Response.json({ result: { data: body.data } });
  });
  await using client = await WireClient.connected(node.url);
  assert.deepEqual((await client.call({ subscribe: { channel: "yes", data: 5 } })).subscribe, {
    data: { n: 1 },
  });
  assert.equal(codeOf(await client.call({ subscribe: { channel: "no" } })), 103);
  await client.call({ publish: { channel: "yes", data: "x" } });
  await client.until(() => client.dataOf("yes").length > 0, "the publication");
  assert.deepEqual(client.dataOf("yes"), [{ by: "ann" }]);
  assert.deepEqual((await client.call({ rpc: { method: "same", data: [1] } })).rpc, { data: [1] });
  await client.call({ rpc: { method: "big" } });
  const [connect, subscribe] = backend.asked;
  assert.equal(connect?.authorization, `Bearer ${SECRET}`);
  assert.deepEqual(Object.keys(connect?.body).sort(), [
    "client",
    "has_token",
    "headers",
    "name",
    "user",
    "version",
    "workspace",
  ]);
  assert.deepEqual({ ...subscribe?.body, client: "" }, {
    ...{ client: "", user: "ann", workspace: "default" },
    ...{ channel: "yes", data: 5, allowed: false },
  });
  assert.equal(subscribe?.body.client, connect?.body.client);
});

Deno.test("hooks over HTTP refuse, close, and let nobody in of whom they say nothing", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  const answers: readonly (readonly [unknown, number])[] = [
    [{}, 101],
    [{ result: {} }, 101],
    [{ error: { code: 1234, message: "banned" } }, 1234],
    [{ disconnect: { code: 4501, reason: "bye" } }, 4501],
    [{ result: { user: 5 } }, 100],
    [{ result: { user: "u", caps: [{ allow: "sub" }] } }, 100],
    [{ error: { code: 99_999, message: "x" } }, 100],
    [{ disconnect: { code: 1000, reason: "x" } }, 100],
    ["text", 100],
    [{ result: { user: "u", caps: [{ channels: ["("], match: "regex", allow: ["sub"] }] } }, 100],
  ];
  for (const [answer, wanted] of answers) {
    backend.answer = () => Response.json(answer);
    await using client = await WireClient.open(node.url);
    const line = client.call({ connect: {} }).then(codeOf, () => client.end?.code);
    assert.equal(await line, wanted, JSON.stringify(answer));
    backend.answer = letIn(() => Response.json({}));
    await using good = await WireClient.connected(node.url); // so that failures do not add up
    assert.ok(good);
  }
});

Deno.test("hooks over HTTP are tried again where that does no harm, and only there", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  let failures = 2;
  const shaky = () =>
    failures-- > 0
      ? new Response(null, { status: 503 })
      : Response.json({ result: { allow: true, user: "ann", data: 1 } });
  backend.answer = shaky;
  await using client = await WireClient.connected(node.url);
  assert.equal(backend.asked.length, 3);
  const tries = async (request: Record<string, unknown>) => {
    const before = backend.asked.length;
    failures = 1;
    const { error } = await client.call(request);
    return [error?.code, backend.asked.length - before];
  };
  assert.deepEqual(await tries({ subscribe: { channel: "c" } }), [undefined, 2]);
  assert.deepEqual(await tries({ publish: { channel: "c", data: 1 } }), [100, 1]);
  assert.deepEqual(await tries({ rpc: { method: "m" } }), [100, 1]);
});

Deno.test("hooks over HTTP fail in time: slow ones, endless answers, redirects", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  backend.answer = letIn(() => Response.json({}));
  await using client = await WireClient.connected(node.url);
  const hanging = Promise.withResolvers<Response>();
  let isRedirected = false;
  const redirect = () => {
    if (isRedirected) return Response.json({ result: { data: 1 } });
    isRedirected = true;
    return new Response(null, { status: 307, headers: { location: `${backend.url}/elsewhere` } });
  };
  const bad: readonly (() => Response | Promise<Response>)[] = [
    () => hanging.promise,
    () =>
      new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536).fill(32)) })),
    redirect,
    () => new Response("no", { status: 403 }),
  ];
  for (const answer of bad) {
    backend.answer = answer;
    const startMs = performance.now();
    assert.equal(codeOf(await client.call({ rpc: { method: "m" } })), 100);
    assert.ok(performance.now() - startMs < 1_500);
  }
  hanging.resolve(new Response(null));
});

Deno.test("hooks over HTTP leave a backend alone that keeps failing, and come back to it", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  backend.answer = letIn(() => new Response(null, { status: 500 }));
  await using client = await WireClient.connected(node.url);
  for (let n = 0; n < 20; n++) assert.equal(codeOf(await client.call({ rpc: { method: "m" } })), 100);
  assert.equal(backend.asked.filter(({ path }) => path === "/rpc").length, 5);
  assert.equal(codeOf(await client.call({ publish: { channel: "c", data: 1 } })), 100);
  assert.equal(
    backend.asked.filter(({ path }) => path === "/publish").length,
    1,
    "each hook fails for itself",
  );
});

Deno.test("hooks over HTTP are asked by so many at once and no more", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend, { hooksMaxConcurrent: 4 });
  backend.answer = letIn(async () => {
    await new Promise((go) => setTimeout(go, 20));
    return Response.json({ result: { data: 1 } });
  });
  await using client = await WireClient.connected(node.url);
  const answers = await Promise.all(Array.from({ length: 30 }, () => client.call({ rpc: { method: "m" } })));
  assert.ok(answers.every(({ error }) => error === undefined));
  assert.equal(backend.most, 4);
});

Deno.test("a node with a connect hook and no key is no open node: nobody gets in past the hook", async () => {
  await using backend = new TeamBackend();
  await using node = await nodeWith(backend);
  backend.answer = () => Response.json({ result: {} });
  await using client = await WireClient.open(node.url);
  assert.equal(codeOf(await client.call({ connect: {} })), 101);
  await using tokenBearer = await WireClient.open(node.url);
  tokenBearer.send('{"id":1,"connect":{"token":"a.b.c"}}');
  assert.equal((await tokenBearer.closing()).code, 3500);
});
