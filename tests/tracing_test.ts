/** Traces across real nodes: what a caller asks of one node and a client of another answers is one trace. */
import assert from "node:assert/strict";
import { serve, service, ServiceError } from "../src/client/mod.ts";
import { NodeProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { type CollectedSpan, TraceCollector } from "../src/testing/trace_collector.ts";

const CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLERS_SPAN = "b7ad6b7169203331";
const WITHIN_MS = 5_000;
/** All that spans may say. */
const ATTRIBUTES = new Set([
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "rpc.method",
  "rpc.service",
  "rpc.system",
  "shoal.node",
  "shoal.peer",
  "shoal.workspace",
]);

interface Greeter {
  greet(name: string): string;
  fail(): void;
}

/** A node that callers ask, and another with a client that serves them. */
class Pair implements AsyncDisposable {
  /** What the provider was told of traces. */
  readonly heard: (string | undefined)[] = [];

  private constructor(
    readonly asked: NodeProcess,
    readonly askedId: string,
    readonly serving: NodeProcess,
    readonly servingId: string,
    readonly provider: SdkClient,
    readonly caller: SdkClient,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async open(env: Readonly<Record<string, string>>): Promise<Pair> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await RedisServer.open());
    const [asked, serving] = await Promise.all([0, 1].map(async () => {
      return stack.use(await NodeProcess.start({ redisUrl: redis.url, env }));
    }));
    assert.ok(asked && serving);
    const provider = stack.use(await SdkClient.open(serving.ws));
    const caller = stack.use(await SdkClient.open(asked.ws));
    const [one, two] = [(await asked.health()).node, (await serving.health()).node];
    const pair = new Pair(asked, one, serving, two, provider, caller, stack.move());
    await serve(provider.centrifuge, { id: "greeter", functions: pair.#functions() });
    return pair;
  }

  async post(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
    const url = `http://127.0.0.1:${this.asked.port}${path}`;
    const all = { "content-type": "application/json", connection: "close", ...headers };
    const response = await fetch(url, { method: "POST", headers: all, body: '"secret-argument"' });
    await response.body?.cancel();
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }

  #functions() {
    return {
      greet: {
        handle: ({ args, traceparent }: { readonly args: unknown; readonly traceparent?: string }) => {
          this.heard.push(traceparent);
          return `Hello, ${args}`;
        },
      },
      fail: () => {
        throw new ServiceError(418, "secret-message");
      },
    };
  }
}

/** The spans of a trace from the first on, each the child of the one before. */
function chain(spans: readonly CollectedSpan[], root: CollectedSpan): readonly CollectedSpan[] {
  const child = spans.find((span) => span.parentSpanId === root.spanId && span.traceId === root.traceId);
  return child === undefined ? [root] : [root, ...chain(spans, child)];
}

function summary({ name, kind, attributes }: CollectedSpan) {
  return [name, kind, attributes["shoal.node"]];
}

async function collectedTrace(
  collector: TraceCollector,
  size: number,
  isRoot: (span: CollectedSpan) => boolean,
) {
  const trace = () => {
    const root = collector.spans.find(isRoot);
    return root === undefined ? [] : chain(collector.spans, root);
  };
  await until(`a trace of ${size} spans`, () => trace().length === size, WITHIN_MS).catch((cause) => {
    throw new Error(`There were ${JSON.stringify(collector.spans, undefined, 1)}`, { cause });
  });
  return trace();
}

Deno.test("a call over HTTP is one trace over two nodes, which goes on from the caller's and at the provider", async () => {
  await using collector = TraceCollector.open();
  // Samples what the caller does: one node decides, and the others follow.
  await using pair = await Pair.open({ ...collector.env, OTEL_TRACES_SAMPLER: "parentbased_always_off" });
  const call = "/default/services/greeter/greet?token=secret";
  assert.equal(await pair.post(call, {}), 200);
  assert.match(pair.heard.pop() ?? "", /-00$/);
  const traceparent = `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01`;
  assert.equal(await pair.post(call, { traceparent }), 200);
  const trace = await collectedTrace(collector, 3, ({ parentSpanId }) => parentSpanId === CALLERS_SPAN);
  assert.deepEqual(trace.map(summary), [
    ["POST /:workspace/services/:id/:function", "server", pair.askedId],
    ["service.call", "client", pair.askedId],
    ["service.serve", "server", pair.servingId],
  ]);
  assert.equal(trace[0]?.attributes["http.response.status_code"], "200");
  assert.deepEqual(trace.map(({ traceId }) => traceId), Array<string>(3).fill(CALLERS_TRACE));
  assert.deepEqual(pair.heard, [`00-${CALLERS_TRACE}-${trace[2]?.spanId}-01`]);
  assert.equal(collector.spans.length, 3, "what nobody samples is not exported");
});

Deno.test("a client's call is one trace over two nodes, and publications make no spans", async () => {
  await using collector = TraceCollector.open();
  await using pair = await Pair.open(collector.env);
  const { centrifuge } = pair.caller;
  const room = await pair.provider.subscribe("room");
  await Promise.all(Array.from({ length: 20 }, (_, n) => centrifuge.publish("room", n)));
  await room.received((data) => data === 19);
  const greeter = service<Greeter>(centrifuge, "greeter");
  assert.equal(await greeter.greet("you"), "Hello, you");
  const isCall = ({ name, attributes }: CollectedSpan) =>
    name === "rpc" && attributes["rpc.method"] !== "services.register";
  const trace = await collectedTrace(collector, 3, isCall);
  assert.deepEqual(trace.map(summary), [
    ["rpc", "server", pair.askedId],
    ["service.call", "client", pair.askedId],
    ["service.serve", "server", pair.servingId],
  ]);
  assert.equal(trace[0]?.parentSpanId, "");
  assert.equal(trace[2]?.attributes["shoal.peer"], pair.askedId);

  await assert.rejects(greeter.fail());
  await until(
    "the failure was traced",
    () => collector.spans.filter(({ isError }) => isError).length === 3,
    WITHIN_MS,
  );
  const codes = collector.spans.filter(({ isError }) => isError).map(({ attributes }) =>
    attributes["error.type"]
  );
  assert.deepEqual(codes, ["418", "418", "418"]);

  assert.equal(await pair.post("/default/services/greeter/greet", { traceparent: "00-nonsense" }), 200);
  assert.equal(await pair.post("/nowhere/secret-path", {}), 404);
  await until("the last was traced", () => collector.spans.some(({ name }) => name === "POST"), WITHIN_MS);
  for (const { name, attributes } of collector.spans) {
    assert.match(name, /^(rpc|service\.(call|serve)|(GET|POST)( \/\S+)?)$/);
    for (const key of Object.keys(attributes)) assert.ok(ATTRIBUTES.has(key), key);
  }
  assert.equal(/secret|publish|room/.test(JSON.stringify(collector.spans)), false);
});

Deno.test("without OTEL_DENO no trace is begun, taken up or handed on", async () => {
  await using collector = TraceCollector.open();
  await using pair = await Pair.open({ ...collector.env, OTEL_DENO: "false" });
  const traceparent = `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01`;
  assert.equal(await pair.post("/default/services/greeter/greet", { traceparent }), 200);
  assert.equal(await service<Greeter>(pair.caller.centrifuge, "greeter").greet("you"), "Hello, you");
  assert.deepEqual(pair.heard, [undefined, undefined]);
  await pair.asked.kill();
  assert.deepEqual(collector.spans, []);
});
