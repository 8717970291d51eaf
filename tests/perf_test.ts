/** The load tester against a scripted server: what it says of faults that are known exactly. */
import assert from "node:assert/strict";
import { digest } from "../src/perf/truth/digest.ts";
import type { LoadOptions } from "../src/perf/engine/load_options.ts";
import type { LoadResult } from "../src/perf/engine/load_result.ts";
import { mergeHistograms } from "../src/perf/truth/histogram.ts";
import { resolveScenario } from "../src/perf/scenario/resolve_scenario.ts";
import type { Scenario } from "../src/perf/scenario/scenario.ts";
import { withDefaults } from "../src/perf/truth/slo.ts";
import { judge } from "../src/perf/truth/verdict.ts";
import { ScriptedBus, ScriptedServer } from "../src/testing/scripted_server.ts";
import { loadOptions, runLoad } from "./perf_kit.ts";

const small: Scenario = {
  ...resolveScenario("light", { connections: 4, messages: 600, perSec: 1_000, warmupMs: 0 }),
  http: { concurrency: 2, maxRequests: 50, maxMs: 1_000 },
  cross: { messages: 600, perSec: 1_000 },
};

function options(
  nodes: readonly { readonly url: string }[],
  changes: Partial<LoadOptions> = {},
): LoadOptions {
  return loadOptions(nodes.map(({ url }) => url), small, changes);
}

function verdictOf(result: LoadResult, load: LoadOptions) {
  return judge(result, digest(result), load, withDefaults([]));
}

Deno.test("runLocally() shows a stall of 1 s in the corrected view and not in the raw one", async () => {
  await using node = new ScriptedServer({ stall: { afterMs: 1_000, stallMs: 1_000 } });
  const scenario = { ...small, connections: 1, messages: 1_000, perSec: 250 };
  const result = await runLoad(options([node], { scenario: { ...scenario, window: 1 } }));
  const [instance] = result.traffic?.instances ?? [];
  const corrected = mergeHistograms([instance?.latency.corrected ?? ""]);
  const raw = mergeHistograms([instance?.latency.raw ?? ""]);
  // 250 of 1,000 messages wait, from 1 s down to 0: the top tenth of all is the top 40 % of those, so above 0.6 s.
  const p90Ms = corrected.getValueAtPercentile(90) / 1_000;
  assert.ok(p90Ms > 580 && p90Ms < 700, `corrected p90 ${p90Ms} ms`);
  const p99Ms = corrected.getValueAtPercentile(99) / 1_000;
  assert.ok(p99Ms > 940 && p99Ms < 1_030, `corrected p99 ${p99Ms} ms`);
  assert.ok(raw.getValueAtPercentile(99) < 100_000, `raw p99 ${raw.getValueAtPercentile(99)} us`);
  assert.equal(corrected.totalCount, 1_000);
});

Deno.test("runLocally() counts dropped and doubled rpc answers exactly", async () => {
  await using node = new ScriptedServer({ echo: { dropEvery: 50, duplicateEvery: 20 } });
  const load = options([node]);
  const result = await runLoad(load);
  const { total } = digest(result).traffic ?? {};
  assert.deepEqual([total?.tried, total?.answered, total?.unanswered, total?.duplicate], [
    600,
    600 - node.counts.dropped,
    node.counts.dropped,
    node.counts.duplicated,
  ]);
  assert.ok(node.counts.dropped === 12 && node.counts.duplicated === 24, JSON.stringify(node.counts));
  assert.equal(verdictOf(result, load).exitCode, 3);
});

Deno.test("runLocally() counts publications lost, doubled and swapped between instances exactly", async () => {
  const bus = new ScriptedBus();
  const fanOut = { dropEvery: 100, duplicateEvery: 50, swapEvery: 30 };
  await using one = new ScriptedServer({ bus, fanOut });
  await using two = new ScriptedServer({ bus, fanOut });
  const load = options([one, two], { parts: ["cross"] });
  const result = await runLoad(load);
  const ledger = digest(result).cross?.ledger;
  const scripted = (field: "dropped" | "duplicated" | "swapped") => one.counts[field] + two.counts[field];
  assert.deepEqual(ledger, {
    expected: 2 * (one.counts.publishes + two.counts.publishes),
    received: 2 * (one.counts.publishes + two.counts.publishes) - scripted("dropped"),
    lost: scripted("dropped"),
    duplicate: scripted("duplicated"),
    reordered: scripted("swapped"),
    late: 0,
  });
  assert.ok(scripted("dropped") > 0 && scripted("duplicated") > 0 && scripted("swapped") > 0);
  assert.equal(verdictOf(result, load).exitCode, 3);
});

Deno.test("runLocally() passes a faultless cluster, with a cell for each pair of instances", async () => {
  const bus = new ScriptedBus();
  await using one = new ScriptedServer({ bus });
  await using two = new ScriptedServer({ bus });
  const load = options([one, two], { parts: ["http", "traffic", "cross"] });
  const result = await runLoad(load);
  const numbers = digest(result);
  assert.deepEqual(numbers.cross?.rows.map((row) => row.ledger.lost), [0, 0, 0, 0]);
  assert.deepEqual(numbers.http.map((row) => [row.requests, row.succeeded]), [[50, 50], [50, 50]]);
  assert.deepEqual(numbers.traffic?.rows.map((row) => [row.connections, row.answered]), [[2, 300], [2, 300]]);
  assert.deepEqual(result.errors, []);
});

Deno.test("runLocally() puts each way to fail into its class, and asked = open + failed", async () => {
  const expectations = [
    [{ refuseStatus: 503 }, "upgrade_status_5xx"],
    [{ refuseStatus: 403 }, "upgrade_status_4xx"],
    [{ closeCode: 1013 }, "server_close_1013"],
  ] as const;
  for (const [faults, errorClass] of expectations) {
    await using node = new ScriptedServer(faults);
    const load = options([node]);
    const result = await runLoad(load);
    assert.deepEqual(result.errors.map((row) => [row.class, row.count]), [[errorClass, 4]]);
    const connect = result.traffic?.connect;
    assert.deepEqual([connect?.asked, connect?.open, connect?.failed], [4, 0, 4]);
    assert.equal(verdictOf(result, load).exitCode, 5);
  }
});

Deno.test("runLocally() calls a closed port refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const result = await runLoad(options([{ url }]));
  assert.deepEqual(result.errors.map((row) => [row.class, row.count]), [["refused", 4]]);
});

Deno.test("runLocally() counts what could not be sent after the server closed", async () => {
  await using node = new ScriptedServer({ closeAt: { rpc: 10, code: 1011 } });
  // Slow enough that no message is under way when the close frame is: a reset would swallow its code.
  const load = options([node], { scenario: { ...small, messages: 80, perSec: 100 } });
  const result = await runLoad(load);
  const classes = new Set<string>(result.errors.map((row) => row.class));
  assert.ok(classes.has("server_close_1011") && classes.has("send_on_closed"), [...classes].join());
  const { total } = digest(result).traffic ?? {};
  assert.equal(total?.tried, 80);
  assert.equal(total?.answered, 4 * 9);
  assert.deepEqual(result.lostTargets, [load.targets[0]?.instance]);
  assert.equal(verdictOf(result, load).exitCode, 5);
});

Deno.test("runLocally() does not take a changed payload for an answer", async () => {
  await using node = new ScriptedServer({ isGarbling: true });
  const result = await runLoad(options([node]));
  assert.equal(digest(result).traffic?.total.answered, 0);
  assert.deepEqual(result.errors.map((row) => [row.class, row.count]), [["bad_payload", 600]]);
});

Deno.test("judge() calls a run invalid when the generator itself was stalled", async () => {
  await using node = new ScriptedServer();
  const load = options([node], { scenario: { ...small, messages: 1_500 } });
  const busy = setInterval(() => {
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
  }, 700);
  const result = await runLoad(load);
  clearInterval(busy);
  const verdict = verdictOf(result, load);
  assert.deepEqual([verdict.word, verdict.exitCode, verdict.findings[0]?.name], [
    "INVALID",
    4,
    "generator-bound",
  ]);
});

Deno.test("runLocally() ends early at a stop and keeps what there is", async () => {
  await using node = new ScriptedServer();
  const stop = new AbortController();
  const load = options([node], { scenario: { ...small, messages: 100_000 }, parts: ["traffic", "cross"] });
  const timer = setTimeout(() => stop.abort(), 1_500);
  const result = await runLoad(load, stop.signal);
  clearTimeout(timer);
  const { total } = digest(result).traffic ?? {};
  assert.ok((total?.answered ?? 0) > 50);
  assert.equal(result.traffic?.neverTried, 100_000 - (total?.tried ?? 0));
  assert.equal(result.cross, undefined);
  assert.equal(verdictOf(result, load).exitCode, 130);
});

/** Runs the real program with the permissions of its task, and kills nothing but what it starts. */
function startPerf(args: readonly string[], folder: string): Deno.ChildProcess {
  const permissions = [
    "--allow-sys=systemMemoryInfo",
    "--allow-net",
    "--allow-env",
    "--allow-read",
    `--allow-write=${folder}`,
  ];
  const program = [
    "run",
    "--no-prompt",
    ...permissions,
    `--allow-run=${Deno.execPath()},cat`,
    "src/main.ts",
    "perf",
  ];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...program, ...args, "--out", folder],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return command.spawn();
}

async function readReport(folder: string) {
  const [name = ""] = [...Deno.readDirSync(folder)].map((entry) => entry.name);
  return JSON.parse(await Deno.readTextFile(`${folder}/${name}/run.json`));
}

Deno.test("perf writes a partial report marked interrupted on SIGINT", async () => {
  await using node = new ScriptedServer();
  const folder = await Deno.makeTempDir();
  const child = startPerf(
    ["--targets", node.url, "--parts", "traffic", "--warmup", "0", "-z", "60s"],
    folder,
  );
  const untilMs = performance.now() + 20_000;
  while (node.counts.rpcs < 50 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill("SIGINT");
  const output = await child.output();
  const text = new TextDecoder().decode(output.stdout);
  const report = await readReport(folder);
  await Deno.remove(folder, { recursive: true });
  assert.equal(output.code, 130, new TextDecoder().decode(output.stderr));
  assert.match(text, /INVALID\(interrupted[,)]/);
  assert.equal(report.result.wasInterrupted, true);
  assert.ok(report.digest.traffic.total.answered >= 40);
});

Deno.test("perf says both next steps when no target answers", async () => {
  const folder = await Deno.makeTempDir();
  const child = startPerf(["--targets", "ws://127.0.0.1:9"], folder);
  const output = await child.output();
  await Deno.remove(folder, { recursive: true });
  const text = new TextDecoder().decode(output.stderr);
  assert.equal(output.code, 5);
  assert.match(text, /127.0.0.1:9: refused: .*\n {2}Next: nothing listens there/);
  assert.match(text, /deno task cluster/);
  assert.match(text, /deno task perf --start/);
});
