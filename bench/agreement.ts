/**
 * Does the load tester agree with an independent one? Runs `wsload` and `deno task perf` in turn against the same
 * scripted servers and compares medians:
 *
 *     deno run -A bench/agreement.ts WSLOAD [--rounds 3] [--seconds 8] [--only delay,echo,http,ceiling,cost]
 *
 * WSLOAD is the path of the program. Exits with 1 when a limit is broken. Other work on the machine moves all numbers.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { ScriptedProcess } from "../src/testing/scripted_process.ts";

/** What one run of either tool says. */
interface Reading {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly sent: number;
  readonly received: number;
  readonly cpuSeconds: number;
}

interface Check {
  readonly name: string;
  readonly isKept: boolean;
  readonly text: string;
}

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const decoder = new TextDecoder();
const { values, positionals } = parseArgs({
  args: [...Deno.args],
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "8" },
    only: { type: "string", default: "delay,echo,http,ceiling,cost" },
  },
});
const [wsload = ""] = positionals;
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

async function runWsload(args: readonly string[]): Promise<Reading> {
  const timing = ["--duration", String(seconds), "--warmup", "2", "--json"];
  const output = await new Deno.Command(wsload, { args: ["echo", ...args, ...timing] }).output();
  const row = JSON.parse(decoder.decode(output.stdout));
  return {
    p50Us: row.lat_us.p50,
    p99Us: row.lat_us.p99,
    sent: row.sent,
    received: row.recv,
    cpuSeconds: row.client_cpu_s,
  };
}

/** The last line of `perf run --json`. */
async function perfResult(args: readonly string[]) {
  const out = await Deno.makeTempDir();
  const timing = ["-z", `${seconds}s`, "--warmup", "2s", "--out", out, "--json"];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "perf", "run", ...args, ...timing],
  });
  const { stdout } = await command.output();
  await Deno.remove(out, { recursive: true });
  const [last = ""] = decoder.decode(stdout).trimEnd().split("\n").slice(-1);
  return JSON.parse(last);
}

async function runPerf(args: readonly string[]): Promise<Reading> {
  const { digest } = await perfResult(args);
  const { total, generator } = digest.traffic;
  const { p50Us, p99Us } = total.latency.corrected;
  return { p50Us, p99Us, sent: total.sent, received: total.answered, cpuSeconds: generator.cpuSeconds };
}

/** Both tools in turn, so that a drift of the machine hits both. */
async function inTurn(
  ours: readonly string[],
  theirs: readonly string[],
): Promise<readonly [Reading, Reading]> {
  const readings: [Reading, Reading][] = [];
  for (let round = 0; round < rounds; round++) readings.push([await runPerf(ours), await runWsload(theirs)]);
  return [medianOf(readings.map(([perf]) => perf)), medianOf(readings.map(([, other]) => other))];
}

function medianOf(readings: readonly Reading[]): Reading {
  const median = (field: keyof Reading) =>
    readings.map((reading) => reading[field]).sort((a, b) => a - b)[Math.floor(readings.length / 2)] ?? NaN;
  return {
    p50Us: median("p50Us"),
    p99Us: median("p99Us"),
    sent: median("sent"),
    received: median("received"),
    cpuSeconds: median("cpuSeconds"),
  };
}

function within(name: string, ours: number, theirs: number, share: number): Check {
  const off = Math.abs(ours / theirs - 1);
  const text = `perf ${ours.toFixed(0)} us, wsload ${theirs.toFixed(0)} us: ${(off * 100).toFixed(1)}% apart`;
  return { name: `${name} within ${share * 100}%`, isKept: off <= share, text };
}

async function countsOf(
  server: ScriptedProcess,
): Promise<{ readonly echoes: number; readonly requests: number }> {
  return await (await fetch(`http://127.0.0.1:${server.port}/counts`)).json();
}

/**
 * No divisor of a second: the server's timers fire on whole milliseconds, so that at 1,000/s every message of a run waits
 * the same part of one, up to 5 % of the median, and each run another part. At this rate every run has all of them.
 */
const DELAYED_PER_SEC = 997;

async function checkDelay(): Promise<readonly Check[]> {
  await using server = await ScriptedProcess.start(0, { medianMs: 20, sigma: 0.5 });
  const url = `${server.url}/plain`;
  const rate = String(DELAYED_PER_SEC);
  const [ours, theirs] = await inTurn(
    ["--targets", url, "-c", "200", "--rate", rate, "--message", "{{id}} hello", "--reply", "order"],
    ["--url", url, "--conns", "200", "--rate", rate],
  );
  const planned = DELAYED_PER_SEC * seconds;
  const before = (await countsOf(server)).echoes;
  const last = await runPerf(["--targets", url, "-c", "200", "--rate", rate]);
  const counted = (await countsOf(server)).echoes - before;
  const warmup = 2 * DELAYED_PER_SEC;
  const isExact = last.sent === planned && last.received === planned && counted === planned + warmup;
  return [
    within("log-normal delay: p50", ours.p50Us, theirs.p50Us, 0.05),
    within("log-normal delay: p99", ours.p99Us, theirs.p99Us, 0.15),
    {
      name: "counts exactly",
      isKept: isExact,
      text:
        `${last.sent} sent, ${last.received} answered, ${counted} at the server with ${warmup} of warm-up`,
    },
  ];
}

async function checkEcho(): Promise<readonly Check[]> {
  await using server = await ScriptedProcess.start();
  const url = `${server.url}/plain`;
  const [ours, theirs] = await inTurn(
    ["--targets", url, "-c", "50", "--rate", "1000", "--pacer", "spin"],
    ["--url", url, "--conns", "50", "--rate", "1000"],
  );
  return [within("bare echo, pacer spin: p50", ours.p50Us, theirs.p50Us, 0.3)];
}

async function checkHttp(): Promise<readonly Check[]> {
  await using server = await ScriptedProcess.start();
  const before = (await countsOf(server)).requests;
  const ours = await runPerf([
    "--targets",
    `http://127.0.0.1:${server.port}/work`,
    "-c",
    "100",
    "--rate",
    "5000",
  ]);
  const counted = (await countsOf(server)).requests - before;
  const planned = 5_000 * seconds;
  return [{
    name: "HTTP at 5,000/s counts exactly",
    isKept: ours.received === planned && counted === planned + 10_000,
    text: `${ours.received} answered of ${planned} planned, ${counted} at the server with 10000 of warm-up`,
  }];
}

/** Before a server that does far more than one generator process, the tool has to blame itself, and no loss. */
async function checkCeiling(): Promise<readonly Check[]> {
  await using server = await ScriptedProcess.startFastEcho();
  const load = ["--targets", `${server.url}/plain`, "-c", "100", "--workers", "1"];
  const blame = async (args: readonly string[]) => {
    const { word, findings } = await perfResult([...load, ...args]);
    const finding = findings.find((some: { readonly name: string }) => some.name === "generator-bound");
    return { word, text: finding?.text ?? "no such finding" };
  };
  const open = await blame(["--rate", "1M/s", "--drain", "20s"]);
  const closed = await blame(["--model", "closed", "--window", "16"]);
  return [
    {
      name: "generator-bound when asked for 1,000,000/s",
      isKept: open.word === "INVALID" && open.text.includes("limit"),
      text: `${open.word}: ${open.text}`,
    },
    {
      name: "generator-bound in a closed loop, with the ceiling",
      isKept: closed.word === "INVALID" && closed.text.includes("is its ceiling"),
      text: `${closed.word}: ${closed.text}`,
    },
  ];
}

async function checkCost(): Promise<readonly Check[]> {
  await using server = await ScriptedProcess.start();
  const url = `${server.url}/plain`;
  const [ours, theirs] = await inTurn(
    ["--targets", url, "-c", "100", "--model", "closed", "--window", "1", "--message", "{{id}} hello"],
    ["--url", url, "--conns", "100", "--window", "1"],
  );
  const perCore = (reading: Reading) => reading.received / reading.cpuSeconds;
  const share = perCore(ours) / perCore(theirs);
  return [{
    name: "messages/s per generator core at least 50% of wsload's",
    isKept: share >= 0.5,
    text: `perf ${perCore(ours).toFixed(0)}, wsload ${perCore(theirs).toFixed(0)}: ${
      (share * 100).toFixed(0)
    }%`,
  }];
}

const all = {
  delay: checkDelay,
  echo: checkEcho,
  http: checkHttp,
  ceiling: checkCeiling,
  cost: checkCost,
} as const;

if (wsload === "") {
  console.error(
    "Usage: deno run -A bench/agreement.ts WSLOAD [--rounds 3] [--seconds 8] [--only delay,echo,http,ceiling,cost]",
  );
  Deno.exit(2);
}
let isAllKept = true;
for (const [name, check] of Object.entries(all)) {
  if (!values.only.split(",").includes(name)) continue;
  for (const { name: what, isKept, text } of await check()) {
    console.log(`${isKept ? "ok  " : "FAIL"} ${what}: ${text}`);
    isAllKept &&= isKept;
  }
}
Deno.exit(isAllKept ? 0 : 1);
