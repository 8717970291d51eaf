/** Experiments of the load tester against scripted servers: what they find is known beforehand. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { runLocally } from "../src/perf/engine/local_engine.ts";
import { comparePaired } from "../src/perf/experiments/compare.ts";
import { compareFindings } from "../src/perf/experiments/compare_findings.ts";
import { measureSubject, type PerfWorld, type RunRequest } from "../src/perf/measure.ts";
import { runDrill } from "../src/perf/experiments/drill.ts";
import { drillNumbers } from "../src/perf/experiments/drill_findings.ts";
import { resolveScenario } from "../src/perf/scenario/resolve_scenario.ts";
import { LinkProxy } from "../src/perf/network/link_proxy.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { ScriptedServer } from "../src/testing/scripted_server.ts";

const silent = { isTerminal: false, write: () => {} };

function world(signal = new AbortController().signal): PerfWorld {
  return { clock: systemClock, engine: runLocally, signal, out: silent, err: silent };
}

function request(urls: string, changes: Partial<RunRequest> = {}): RunRequest {
  const speech = {
    kind: "plain",
    message: "{{id}} {{payload}}",
    reply: { kind: "echo" },
    hello: [],
  } as const;
  const scenario = resolveScenario("light", {
    speech,
    connections: 4,
    messages: 60,
    perSec: 200,
    warmupMs: 0,
  });
  return {
    subject: { kind: "urls", urls },
    load: {
      scenario,
      parts: ["traffic"],
      pacer: "timer",
      workers: 1,
      sourceIps: [],
      drainMs: 1_000,
      governor: { pauseBelow: 0.02, resumeAbove: 0.04 },
      seed: 1,
    },
    slos: [],
    out: "reports",
    isQuiet: true,
    argv: [],
    ...changes,
  };
}

Deno.test("comparePaired() finds the 20 ms by which one server answers later", async () => {
  await using fast = new ScriptedServer({ plainDelayMs: () => 5 });
  await using slow = new ScriptedServer({ plainDelayMs: () => 25 });
  const [a, b] = [fast, slow].map(({ url }) => ({ kind: "urls", urls: `${url}/echo` }) as const);
  assert.ok(a && b);
  const reports: unknown[] = [];
  const keep = (report: unknown) => Promise.resolve(void reports.push(report));
  const outcome = await comparePaired({ a, b, pairs: 5, run: request("") }, world(), keep);
  const context = { seed: 1, scenario: "light", cores: 2, baseline: "a" } as const;
  const { conclusion } = compareFindings(outcome, context);
  // On a busy machine a run may be the generator's and be done again; then there are more reports than rounds.
  assert.ok(reports.length >= 10 || outcome.gaveUp, `${reports.length} runs`);
  if (!outcome.gaveUp) assert.match(conclusion, /p50 \+(19|2\d)\.\dms \[/, conclusion);
});

Deno.test("comparePaired() stops when the world does, and says so", async () => {
  await using server = new ScriptedServer();
  const stop = new AbortController();
  const subject = { kind: "urls", urls: `${server.url}/echo` } as const;
  const run = request("");
  const outcome = await comparePaired({ a: subject, b: subject, pairs: 5, run }, world(stop.signal), () => {
    stop.abort();
    return Promise.resolve();
  });
  assert.deepEqual([outcome.rounds.length, outcome.wasInterrupted], [1, true]);
  const context = { seed: 1, scenario: "light", cores: 2, baseline: "a" } as const;
  assert.equal(compareFindings(outcome, context).exitCode, 130);
});

Deno.test("measureSubject() with a delay of 30 ms each way sees at least 60 ms more, in order", async () => {
  await using server = new ScriptedServer();
  const delay = { latencyMs: 30, jitterMs: 10 };
  const report = await measureSubject(request(`${server.url}/echo`, { delay }), world());
  const { total } = report.digest.traffic ?? {};
  assert.deepEqual([total?.answered, total?.unanswered], [60, 0]);
  const p50Ms = (total?.latency.raw.p50Us ?? 0) / 1_000;
  assert.ok(p50Ms >= 45 && p50Ms < 110, `p50 ${p50Ms} ms`);
  assert.equal(report.options.targets[0]?.instance, new URL(server.url).host);
});

Deno.test("LinkProxy.cut() ends what is open and refuses until restore()", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served: Promise<void>[] = [];
  const serving = (async () => {
    for await (const conn of listener) served.push(conn.readable.pipeTo(conn.writable).catch(() => {}));
  })();
  const { port } = listener.addr;
  const delay = { latencyMs: 0, jitterMs: 0 };
  {
    await using proxy = new LinkProxy({
      hostname: "127.0.0.1",
      port,
      delay,
      nowMs: () => 0,
      random: () => 0.5,
    });
    const echo = async () => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
      await conn.write(new Uint8Array([1, 2, 3]));
      return await conn.read(new Uint8Array(8));
    };
    assert.equal(await echo(), 3);
    using standing = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    await proxy.cut();
    assert.equal(await standing.read(new Uint8Array(8)).catch(() => null), null);
    await assert.rejects(echo(), Deno.errors.ConnectionRefused);
    proxy.restore();
    assert.equal(await echo(), 3);
  }
  listener.close();
  await serving.catch(() => {});
  await Promise.all(served);
});

Deno.test("runDrill() kills and restarts a node as planned: its clients fall, come back, and nobody else's", async () => {
  await using redis = await RedisServer.open();
  const base = request("");
  const scenario = resolveScenario("light", {
    connections: 8,
    perSec: 200,
    durationMs: 9_500,
    warmupMs: 0,
    reconnects: true,
  });
  const actions = [
    { kind: "kill", instance: 2, atMs: 2_100 },
    { kind: "restart", instance: 2, atMs: 2_600 },
  ] as const;
  const run = { ...base, load: { ...base.load, scenario } };
  const outcome = await runDrill({ instances: 2, redis: redis.url, actions, run }, world());
  const victim = outcome.report.options.targets[1]?.instance;
  const outages = outcome.report.result.traffic?.outages.map(({ instance, lost, reconnected }) => {
    return { instance, lost, reconnected };
  });
  assert.deepEqual(outages, [{ instance: victim, lost: 4, reconnected: 4 }]);
  const killedAtMs = outcome.done[0]?.atMs ?? 0;
  assert.ok(Math.abs(killedAtMs - 2_100) < 500, `killed at ${killedAtMs} ms`);
  const { recovery, allBackAfterMs, perSecond } = drillNumbers(outcome, 2);
  assert.ok(recovery?.recoveredAfterMs !== undefined && recovery.recoveredAfterMs < 7_000, perSecond.join());
  assert.ok(
    allBackAfterMs !== undefined && allBackAfterMs > 500 && allBackAfterMs < 7_000,
    `${allBackAfterMs} ms`,
  );
  // Half of the messages belong to the victim; it was away for at least half a second, at most until all were back.
  const failed = outcome.report.digest.traffic?.total.failed ?? 0;
  assert.ok(failed >= 40 && failed <= 100 * (allBackAfterMs + 1_000) / 1_000, `${failed} failed`);
});
