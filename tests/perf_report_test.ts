/** Reports of the load tester as users get them: files, replay from run.json, and the page in a real browser. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { readCommandLine } from "../src/perf/commands/command_line.ts";
import { runLocally } from "../src/perf/engine/local_engine.ts";
import { sampleReport } from "../src/perf/reports/charts/sample_report.ts";
import { jsonReport } from "../src/perf/reports/report_json.ts";
import { root } from "../src/testing/processes.ts";
import { ScriptedServer } from "../src/testing/scripted_server.ts";

interface Ending {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Does what `deno task perf ARGS` does, in this process. */
async function perf(...args: readonly string[]): Promise<Ending> {
  const text = { out: "", err: "" };
  const line = readCommandLine(
    args,
    { writeOut: (more) => text.out += more, writeErr: (more) => text.err += more },
    () => 1,
  );
  if (line.kind === "exit") return { code: line.code, ...text };
  const code = await line.work({
    clock: systemClock,
    engine: runLocally,
    signal: new AbortController().signal,
    out: { isTerminal: false, write: (more) => text.out += more },
    err: { isTerminal: false, write: (more) => text.err += more },
  });
  return { code, ...text };
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shoal-report-" });
  try {
    await Deno.writeTextFile(`${folder}/run.json`, jsonReport(sampleReport()));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}

Deno.test("perf report writes every kind of report again beside run.json", async () => {
  await withFolder(async (folder) => {
    const ending = await perf("report", `${folder}/run.json`, "--html", "--md", "--png", "--junit", "--text");
    assert.equal(ending.code, 0, ending.err);
    const pngs = ["connections", "latency", "matrix", "percentiles", "resources", "throughput"];
    const wanted = [
      ...pngs.map((name) => `${name}.png`),
      "junit.xml",
      "report.html",
      "report.md",
      "results.txt",
    ];
    assert.deepEqual(await filesOf(folder), [...wanted, "run.json"].sort());
    assert.deepEqual(
      ending.out.trim().split("\n").map((path) => path.slice(folder.length + 1)).sort(),
      wanted.sort(),
    );
  });
});

Deno.test("perf report shows the screen, or what GitHub reads, without writing a file", async () => {
  await withFolder(async (folder) => {
    assert.match(
      (await perf("report", `${folder}/run.json`)).out,
      / INVALID\(throttled\) {2}light · 2 instances/,
    );
    const github = await perf("report", `${folder}/run.json`, "--github");
    assert.match(github.out, /^::warning title=perf light%3A INVALID\(throttled\)::.*\n# INVALID: light/);
    assert.deepEqual(await filesOf(folder), ["run.json"]);
  });
});

Deno.test("perf report says what is wrong with a file that is no run.json", async () => {
  await withFolder(async (folder) => {
    const cases = [
      [`${folder}/none.json`, undefined, /Cannot read ".*none\.json": .*give the run\.json of a run/],
      [`${folder}/text.json`, "no", /is not JSON/],
      [`${folder}/other.json`, '{"tool":"another"}', /is no report of perf; give it a run\.json/],
      [`${folder}/old.json`, '{"tool":"shoal perf","format":1}', /format 1, this version reads 2/],
      [`${folder}/cut.json`, '{"tool":"shoal perf","format":2,"result":{}}', /its numbers are damaged/],
    ] as const;
    for (const [path, text, reason] of cases) {
      if (text !== undefined) await Deno.writeTextFile(path, text);
      const ending = await perf("report", path, "--html");
      assert.equal(ending.code, 2, path);
      assert.match(ending.err, reason);
    }
  });
});

Deno.test("perf report may do its work with the permissions of deno task perf", async () => {
  const { tasks: { perf: { command } } } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  const permissions = String(command).split(/\s+/).filter((word) =>
    /^--(?:allow-(?:net|env|read)|no-prompt)/.test(word)
  );
  await withFolder(async (folder) => {
    const args = [
      ...permissions,
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      `--allow-run=${Deno.execPath()}`,
    ];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        ...args.filter((word) => word !== "--allow-read=."),
        `${root}/src/main.ts`,
        "perf",
        "report",
        `${folder}/run.json`,
        "--png",
        "--html",
      ],
      cwd: root,
      stderr: "piped",
      stdout: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.ok((await filesOf(folder)).includes("latency.png"));
  });
});

const SHORT = ["-c", "2", "-n", "300", "--rate", "200/s", "--warmup", "0s", "--parts", "traffic"];

Deno.test("perf run --json writes one JSON object a line to stdout: progress, and the result at the end", async () => {
  await using server = new ScriptedServer();
  await withFolder(async (folder) => {
    const ending = await perf("run", "--targets", server.url, ...SHORT, "--out", `${folder}/out`, "--json");
    const lines = ending.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    const result = lines.pop();
    assert.ok(lines.length >= 2 && lines.every((line) => line.kind === "progress"), ending.out);
    assert.deepEqual([result.kind, result.command, result.exitCode], ["result", "run", ending.code]);
    assert.deepEqual([result.scenario.connections, result.digest.traffic.total.tried], [2, 300]);
    const written = JSON.parse(await Deno.readTextFile(result.files[0]));
    assert.deepEqual(written.verdict.word, result.word);
  });
});

Deno.test("perf run --json tells what kept it from its work as JSON, too", async () => {
  await withFolder(async (folder) => {
    const ending = await perf("run", "--targets", "ws://127.0.0.1:9", ...SHORT, "--out", folder, "--json");
    const error = JSON.parse(ending.out);
    assert.deepEqual([error.kind, error.exitCode, ending.code], ["error", 5, 5]);
    assert.match(error.text, /refused/);
  });
});

Deno.test("perf run refuses two formats for one stdout", async () => {
  const ending = await perf("run", "--json", "--markdown");
  assert.deepEqual([ending.code, /take --json or --markdown/.test(ending.err)], [2, true]);
});

/** A short run in a process of its own, as a service for continuous integration starts it. */
async function runInCi(folder: string, writable: string): Promise<Ending> {
  await using server = new ScriptedServer();
  const may = [
    "--allow-net",
    "--allow-env",
    "--allow-read",
    `--allow-write=${writable}`,
    "--allow-run",
    "--allow-sys",
  ];
  const load = ["-c", "2", "-n", "40", "--rate", "200/s", "--warmup", "0s", "--parts", "traffic", "--quiet"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      ...may,
      `${root}/src/main.ts`,
      "perf",
      "run",
      "--targets",
      server.url,
    ]
      .concat(load, "--out", `${folder}/out`),
    cwd: root,
    env: { CI: "true", GITHUB_STEP_SUMMARY: `${folder}/summary.md`, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("perf run tells a CI service: annotations, step summary, junit.xml", async () => {
  await withFolder(async (folder) => {
    const ending = await runInCi(folder, folder);
    // So short a run proves nothing on a busy machine: any verdict will do here.
    assert.match(ending.out, /^::(?:notice|warning|error) title=perf light%3A (?:PASS|FAIL|INVALID)/m);
    assert.match(await Deno.readTextFile(`${folder}/summary.md`), /^# [A-Z]+: light, 1 instance\n/);
    const [run = ""] = await filesOf(`${folder}/out`);
    const files = await filesOf(`${folder}/out/${run}`);
    assert.ok(files.includes("junit.xml") && files.includes("latency.png"), files.join());
  });
});

Deno.test("perf run says how to get a step summary that it may not write", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    const ending = await runInCi(folder, `${folder}/out`);
    assert.match(ending.err, /^Cannot write the step summary: .*; add a step: cat reports/m);
  });
});

/** What a browser without any network makes of the page, after its scripts have run. */
async function domOf(file: string, profile: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("chromium", {
    args: [
      "--headless",
      // Containers often run as root; the page is our own.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--host-resolver-rules=MAP * ~NOTFOUND",
      "--proxy-server=127.0.0.1:9",
      `--user-data-dir=${profile}`,
      "--window-size=1440,1000",
      "--virtual-time-budget=5000",
      "--dump-dom",
      `file://${file}`,
    ],
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("report.html shows its charts and draws its time line in Chromium with no network", async () => {
  await withFolder(async (folder) => {
    assert.equal((await perf("report", `${folder}/run.json`, "--html")).code, 0);
    const dom = await domOf(`${folder}/report.html`, `${folder}/profile`);
    assert.equal(dom.match(/<figure id="chart-[a-z]+"><svg/g)?.length, 6);
    // The script sets it after the last chart was drawn: it ran, and the page's policy let it.
    assert.match(dom, /<div id="timeline" class="timeline" data-drawn="2">/);
    assert.equal(dom.match(/<canvas/g)?.length, 2);
    assert.match(dom, /<span class="badge invalid">INVALID\(throttled\)<\/span>/);
  });
});
