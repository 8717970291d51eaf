/** The load tester's traffic against scripted servers: patterns, loops, processes and failures, counted exactly. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import type { LoadOptions } from "../src/perf/engine/load_options.ts";
import type { LoadResult } from "../src/perf/engine/load_result.ts";
import { preflight } from "../src/perf/engine/preflight.ts";
import { resolveScenario, type ScenarioChanges } from "../src/perf/scenario/resolve_scenario.ts";
import { digest } from "../src/perf/truth/digest.ts";
import { withDefaults } from "../src/perf/truth/slo.ts";
import { judge } from "../src/perf/truth/verdict.ts";
import { ScriptedProcess } from "../src/testing/scripted_process.ts";
import { ScriptedBus, ScriptedServer } from "../src/testing/scripted_server.ts";
import { pause } from "../src/testing/waiting.ts";
import { loadOptions, runLoad } from "./perf_kit.ts";

const small = { connections: 4, messages: 600, perSec: 1_000, warmupMs: 0 } as const;

function options(
  urls: readonly string[],
  changes: ScenarioChanges,
  more: Partial<LoadOptions> = {},
): LoadOptions {
  return loadOptions(urls, resolveScenario("light", { ...small, ...changes }), more);
}

function totalOf(result: LoadResult) {
  const total = digest(result).traffic?.total;
  assert.ok(total);
  return total;
}

const plain = { kind: "plain", message: "{{id}} {{payload}}", reply: { kind: "echo" }, hello: [] } as const;

Deno.test("runLocally() counts direct messages lost, doubled and swapped exactly, by pair of instances", async () => {
  const bus = new ScriptedBus();
  const fanOut = { dropEvery: 25, duplicateEvery: 20, swapEvery: 15 };
  await using one = new ScriptedServer({ bus, fanOut });
  await using two = new ScriptedServer({ bus, fanOut });
  const load = options([one.url, two.url], { connections: 8, pattern: { kind: "direct" } });
  const result = await runLoad(load);
  const cells = digest(result).traffic?.cells;
  const scripted = (field: "dropped" | "duplicated" | "swapped") => one.counts[field] + two.counts[field];
  assert.ok(scripted("dropped") > 10 && scripted("duplicated") > 10 && scripted("swapped") > 10);
  assert.deepEqual(cells?.ledger, {
    expected: 600,
    received: 600 - scripted("dropped"),
    lost: scripted("dropped"),
    duplicate: scripted("duplicated"),
    reordered: scripted("swapped"),
    late: 0,
  });
  assert.equal(cells?.rows.length, 4);
  assert.equal(judge(result, digest(result), load, withDefaults([])).exitCode, 3);
});

Deno.test("runLocally() delivers each broadcast to all, and tells first, median and last subscriber apart", async () => {
  await using node = new ScriptedServer();
  const load = options([node.url], { connections: 10, pattern: { kind: "broadcast", publishers: 2 } });
  const result = await runLoad(load);
  const traffic = digest(result).traffic;
  assert.equal(traffic?.cells?.ledger.received, 6_000);
  assert.equal(traffic?.total.delivered, 6_000);
  assert.deepEqual([traffic?.fanOut?.first.count, traffic?.fanOut?.last.count], [600, 600]);
  assert.ok(Number(traffic?.fanOut?.first.p50Us) <= Number(traffic?.fanOut?.last.p50Us));
});

Deno.test("runLocally() sends each kind of a mixed pattern, and proves all deliveries", async () => {
  await using node = new ScriptedServer();
  const pattern = { kind: "mixed", echo: 3, direct: 2, rooms: 1, size: 4 } as const;
  const result = await runLoad(options([node.url], { connections: 8, pattern }));
  const total = totalOf(result);
  const { rpcs, publishes } = node.counts;
  assert.deepEqual([total.answered, rpcs + publishes], [600, 600]);
  assert.ok(Math.abs(rpcs - 300) < 8, `${rpcs} of 600 are to be requests`);
  const ledger = digest(result).traffic?.cells?.ledger;
  assert.deepEqual([ledger?.received, ledger?.lost, ledger?.duplicate], [total.delivered, 0, 0]);
  assert.ok(total.delivered > 500, `${total.delivered} deliveries`);
});

Deno.test("runLocally() counts a closed loop as the server does, and calls it closed", async () => {
  await using node = new ScriptedServer();
  const changes = { perSec: undefined, messages: undefined, durationMs: 400 };
  const load = options([`${node.url}/plain`], { ...changes, model: "closed", window: 4, speech: plain });
  const result = await runLoad(load);
  const total = totalOf(result);
  assert.equal(result.traffic?.model, "closed");
  assert.ok(total.answered > 1_000, `${total.answered}`);
  assert.equal(total.answered, node.counts.echoes);
});

Deno.test("runLocally() counts HTTP requests as the server does", async () => {
  await using node = new ScriptedServer();
  const speech = { kind: "http", method: "GET", body: undefined } as const;
  const result = await runLoad(
    options([`http://127.0.0.1:${node.port}/work`], { speech, window: 1, connections: 8 }),
  );
  const total = totalOf(result);
  assert.deepEqual([total.tried, total.answered, node.counts.requests], [600, 600, 600]);
  const missing = await runLoad(options([`http://127.0.0.1:${node.port}/nope`], { speech, window: 1 }));
  assert.equal(totalOf(missing).answered, 0);
  assert.deepEqual(missing.errors.map((row) => [row.class, row.count]), [["http_status", 600]]);
});

Deno.test("runLocally() keeps order-matched and expression-matched replies apart by connection", async () => {
  await using node = new ScriptedServer();
  for (
    const [message, reply] of [
      ["no number", { kind: "order" }],
      ['{"n":{{id}},"p":"{{payload}}"}', { kind: "match", expression: '"n":(\\d+)' }],
    ] as const
  ) {
    const speech = { kind: "plain", message, reply, hello: [] } as const;
    assert.equal(totalOf(await runLoad(options([`${node.url}/plain`], { speech }))).answered, 600, message);
  }
});

Deno.test("runLocally() adds several processes up to what the server counted", async () => {
  await using node = await ScriptedProcess.start();
  const payload = { kind: "uniform", min: 10, max: 3_000 } as const;
  const load = options([node.url], { connections: 7, payload, warmupMs: 100 }, { workers: 3 });
  const result = await runLoad(load);
  const total = totalOf(result);
  assert.deepEqual([total.connections, total.tried, total.answered], [7, 600, 600]);
  assert.equal(total.latency.corrected.count, 600);
  assert.equal(result.traffic?.generators.length, 3);
  const inSeconds = result.traffic?.seconds.reduce((sum, row) => sum + row.received, 0);
  assert.equal(inSeconds, 600);
  assert.deepEqual([result.traffic?.connect.asked, result.traffic?.connect.open, result.deadWorkers], [
    7,
    7,
    0,
  ]);
});

Deno.test("runLocally() sends on by the stages of its plan", async () => {
  await using node = new ScriptedServer();
  const stages = [{ durationMs: 500, perSec: 1_000 }, { durationMs: 500, perSec: 1_000 }];
  const timing = { messages: undefined, perSec: 200, stages };
  const result = await runLoad(options([node.url], timing));
  assert.equal(totalOf(result).answered, 300 + 500);
  const sendMs = result.traffic?.sendMs ?? 0;
  assert.ok(sendMs > 950 && sendMs < 1_150, `${sendMs} ms`);
});

Deno.test("runLocally() opens churned connections anew and loses nothing on the way", async () => {
  await using node = new ScriptedServer();
  const result = await runLoad(options([node.url], { connections: 20, churnPerSec: 0.5 }));
  const churn = result.traffic?.churn;
  assert.ok((churn?.closed ?? 0) >= 3, JSON.stringify(churn));
  assert.equal(churn?.reopened, churn?.closed);
  assert.equal(totalOf(result).connections, 20);
});

Deno.test("runLocally() closes no churned connection while an answer is under way to it", async () => {
  await using node = new ScriptedServer({ plainDelayMs: () => 80 });
  const speech = { kind: "plain", message: "{{id}}", reply: { kind: "echo" }, hello: [] } as const;
  const load = { connections: 10, messages: 500, perSec: 500, churnPerSec: 1, speech };
  const result = await runLoad(options([`${node.url}/plain`], load));
  assert.ok((result.traffic?.churn.closed ?? 0) >= 5, JSON.stringify(result.traffic?.churn));
  assert.equal(totalOf(result).answered, 500);
});

Deno.test("runLocally() finds a kill, the messages it cost and the way back where the script put them", async () => {
  await using steady = await ScriptedProcess.start();
  const dying = await ScriptedProcess.start();
  const load = options([steady.url, dying.url], {
    connections: 10,
    messages: 4_000,
    perSec: 1_000,
    reconnects: true,
  });
  const beganMs = performance.now();
  const running = runLoad(load);
  await pause(1_000);
  const killedMs = performance.now() - beganMs;
  await dying.kill();
  await pause(800);
  const backFromMs = performance.now() - beganMs;
  await using _back = await ScriptedProcess.start(dying.port);
  const result = await running;
  const [outage, ...others] = result.traffic?.outages ?? [];
  assert.ok(outage);
  assert.deepEqual(others, []);
  assert.deepEqual([outage.instance, outage.lost, outage.reconnected], [`127.0.0.1:${dying.port}`, 5, 5]);
  assert.ok(
    Math.abs(outage.firstLostMs - killedMs) < 100,
    `lost at ${outage.firstLostMs}, killed at ${killedMs}`,
  );
  const backMs = outage.lastBackMs ?? 0;
  assert.ok(
    backMs > backFromMs && backMs < backFromMs + 2_800,
    `back at ${backMs}, could from ${backFromMs}`,
  );
  const [kept, hit] = result.traffic?.instances ?? [];
  assert.deepEqual([kept?.tried, kept?.answered], [2_000, 2_000]);
  const missed = (hit?.tried ?? 0) - (hit?.answered ?? 0);
  // Half of the rate goes to the instance that is away; connections come back one by one.
  const [atLeast, atMost] = [(backFromMs - outage.lastLostMs) / 2, (backMs - outage.firstLostMs) / 2];
  assert.ok(
    missed > atLeast * 0.9 && missed < atMost * 1.1 + 20,
    `missed ${missed}, between ${atLeast} and ${atMost}`,
  );
});

Deno.test("judge() calls a run unbalanced whose instances have unequal shares", async () => {
  await using one = new ScriptedServer();
  await using two = new ScriptedServer({ refuseStatus: 503 });
  const load = options([one.url, two.url], { connections: 10, messages: 200 });
  const result = await runLoad(load);
  const verdict = judge({ ...result, lostTargets: [] }, digest(result), load, withDefaults([]));
  // A busy machine may spoil so short a run in other ways on top.
  const names = verdict.findings.map((finding) => finding.name);
  assert.ok(names.includes("unbalanced"), names.join());
  const { asked, open, failed, neverTried } = result.traffic?.connect ?? {};
  assert.deepEqual([asked, open, failed, neverTried], [10, 5, 5, 0]);
});

Deno.test("preflight() puts a target that cannot be used into its class", async () => {
  await using node = new ScriptedServer({ isSilent: true });
  await using refusing = new ScriptedServer({ refuseStatus: 404 });
  using talking = listenRaw((connection) =>
    void connection.write(new TextEncoder().encode("220 mail ready\r\n"))
  );
  using cutting = listenRaw((connection) => connection.close());
  using hanging = listenRaw(() => {});
  const ramp = { connectTimeoutMs: 300 };
  const expectations = [
    [node.url, "connect_timeout"],
    [refusing.url, "upgrade_status_4xx"],
    [`ws://127.0.0.1:${talking.port}/x`, "upgrade_invalid"],
    [`ws://127.0.0.1:${cutting.port}/x`, "server_close_1006"],
    [`ws://127.0.0.1:${hanging.port}/x`, "connect_timeout"],
    [`wss://127.0.0.1:${node.port}/x`, "tls"],
    ["ws://127.0.0.1:9/x", "refused"],
    ["ws://nowhere.invalid:80/x", "dns"],
  ] as const;
  for (const [url, errorClass] of expectations) {
    const [dead] = await preflight(options([url], { ramp }), systemClock);
    const isCut = errorClass === "server_close_1006" && dead?.errorClass === "reset"; // A matter of who is faster.
    assert.ok(
      isCut || dead?.errorClass === errorClass,
      `${url}: ${dead?.errorClass} (${dead?.cause}), not ${errorClass}`,
    );
  }
});

function listenRaw(onConnection: (connection: Deno.Conn) => void): Disposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  void (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      onConnection(connection);
    }
  })();
  const close = () => {
    listener.close();
    for (const connection of connections) {
      try {
        connection.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error; // Closed by the script already.
      }
    }
  };
  return { port: listener.addr.port, [Symbol.dispose]: close };
}
