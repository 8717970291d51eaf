import assert from "node:assert/strict";
import type { ClusterOptions, Reread } from "../cluster/mod.ts";
import type { Config } from "../config/mod.ts";
import { VERSION } from "../core/version.ts";
import { runCli } from "./cli.ts";
import type { CliContext } from "./context.ts";

const KEY = "0123456789abcdef0123456789abcdef";

interface Calls {
  readonly started: Config[];
  readonly clusters: ClusterOptions[];
  readonly rereads: (() => Promise<Reread>)[];
  readonly daemons: ClusterOptions[];
  /** Commands for a running cluster, each with the port that it was given. */
  readonly placed: (readonly [string, number | undefined])[];
  readonly perf: (readonly string[])[];
}

interface Ran extends Calls {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line with commands that only note how they were called; each answers 5. */
async function run(args: readonly string[], env: CliContext["env"] = {}): Promise<Ran> {
  const calls: Calls = { started: [], clusters: [], rereads: [], daemons: [], placed: [], perf: [] };
  const [out, err]: [string[], string[]] = [[], []];
  const context: CliContext = { env, out: (text) => out.push(text), err: (text) => err.push(text) };
  const code = await runCli(args, context, {
    start: (config) => Promise.resolve(calls.started.push(config) && 5),
    cluster: (options, { reread }) =>
      Promise.resolve(calls.clusters.push(options) + calls.rereads.push(reread) && 5),
    daemon: (options) => Promise.resolve(calls.daemons.push(options) && 5),
    stopCluster: ({ port }) => Promise.resolve(calls.placed.push(["stop", port]) && 5),
    reloadCluster: ({ port }) => Promise.resolve(calls.placed.push(["reload", port]) && 5),
    scaleCluster: ({ port }, count) => Promise.resolve(calls.placed.push([`scale ${count}`, port]) && 5),
    clusterStatus: ({ port }, { isJson }) =>
      Promise.resolve(calls.placed.push([`status ${isJson}`, port]) && 5),
    perf: (rest) => Promise.resolve(calls.perf.push(rest) && 5),
  });
  return { ...calls, code, out: out.join(""), err: err.join("") };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const part = token.split(".")[1] ?? "";
  return JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
}

Deno.test("runCli() starts a node with flags over environment and answers its exit code", async () => {
  const args = [
    "start",
    "--port",
    "9000",
    "--set",
    "ping_interval_ms=9000",
    "--log-level",
    "warn",
    "--insecure",
  ];
  const { code, started: [config] } = await run(args, { PORT: "1", REDIS_URL: "redis://h" });
  assert.equal(code, 5);
  assert.equal(config?.port, 9000);
  assert.equal(config?.pingIntervalMs, 9000);
  assert.equal(config?.logLevel, "warn");
  assert.equal(config?.insecure, true);
  assert.equal(config?.redisUrl, "redis://h");
});

Deno.test("runCli() does not start a node that is configured wrongly, and says so by a code of its own", async () => {
  const { code, started, err } = await run(["start", "--port", "99999", "--set", "prot=1"]);
  assert.equal(code, 78);
  assert.deepEqual(started, []);
  assert.match(err, /^Cannot use port "99999" \(from --port\): want an integer from 0 to 65535$/m);
  assert.match(err, /^Cannot use prot \(from --set\): unknown option, did you mean "port"\?$/m);
  assert.match(err, /^2 faults in the configuration/m);
});

Deno.test("runCli() answers misuse with 2, one line and the next step", async () => {
  for (
    const args of [["start", "--prot", "1"], ["strat"], ["start", "extra"], ["start", "--set", "x"], [
      "token",
    ]]
  ) {
    const { code, out, err } = await run(args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, /^Cannot read the command line: .+\n`--help` after the command .+\n$/);
  }
});

Deno.test("runCli() answers --help with 0 and examples, and no command with 2", async () => {
  const help = await run(["start", "--help"]);
  assert.equal(help.code, 0);
  assert.match(help.out, /Examples:\n {2}deno task start\n/);
  assert.equal((await run([])).code, 2);
});

Deno.test("runCli() gives a cluster its defaults, and its further flags to the nodes", async () => {
  const { code, clusters } = await run(["cluster", "--set", "partitions=8", "--log-level", "warn"]);
  assert.equal(code, 5);
  assert.deepEqual(clusters, [{
    instances: 3,
    port: 8080,
    sharedPort: 8000,
    host: "127.0.0.1",
    memoryLimitMb: 0,
    nodeArgs: ["--set", "partitions=8", "--set", "log_level=warn"],
    isOpenMode: true,
    logFormat: "auto",
  }]);
});

Deno.test("runCli() takes a cluster's options from flags and environment", async () => {
  const args = [
    "cluster",
    "--instances",
    "2",
    "--port",
    "9000",
    "--shared-port",
    "0",
    "--memory-limit",
    "256",
  ];
  const env = { REDIS_URL: "redis://h", SHOAL_TOKEN_HMAC_SECRET: KEY, SHOAL_HOST: "0.0.0.0" };
  assert.deepEqual((await run(args, env)).clusters, [{
    instances: 2,
    port: 9000,
    sharedPort: 0,
    host: "0.0.0.0",
    memoryLimitMb: 256,
    nodeArgs: [],
    isOpenMode: false,
    logFormat: "auto",
    redisUrl: "redis://h",
    redisServers: ["redis://h"],
  }]);
});

Deno.test("runCli() refuses a cluster on a public address without a key", async () => {
  const { code, clusters, err } = await run(["cluster", "--host", "0.0.0.0"]);
  assert.equal(code, 2);
  assert.deepEqual(clusters, []);
  assert.match(err, /Cannot use host "0\.0\.0\.0" \(from --host\): .*SHOAL_TOKEN_HMAC_SECRET/);
});

Deno.test("runCli() stops the cluster of the port given on either side of the word", async () => {
  assert.deepEqual((await run(["cluster", "stop"])).placed, [["stop", undefined]]);
  assert.deepEqual((await run(["cluster", "stop", "--port", "9000"])).placed, [["stop", 9000]]);
  assert.deepEqual((await run(["cluster", "--port", "9000", "stop"])).placed, [["stop", 9000]]);
  assert.deepEqual((await run(["cluster", "stop"], { PORT: "9000" })).placed, [["stop", 9000]]);
});

Deno.test("runCli() hands all that follows perf to perf", async () => {
  const rest = ["run", "--help", "--", "--set", "x"];
  assert.deepEqual((await run(["perf", ...rest])).perf, [rest]);
});

Deno.test("runCli() checks a configuration", async () => {
  assert.equal((await run(["config", "check"])).code, 0);
  assert.equal((await run(["config", "check", "--port", "x"])).code, 2);
});

Deno.test("runCli() prints a configuration as JSON on stdout and its origins on stderr", async () => {
  const { code, out, err } = await run(["config", "print", "--port", "1"], { SHOAL_TOKEN_HMAC_SECRET: KEY });
  assert.equal(code, 0);
  const printed: unknown = JSON.parse(out);
  assert.equal(Reflect.get(Object(printed), "port"), 1);
  assert.equal(Reflect.get(Object(printed), "token_hmac_secret"), "***");
  assert.equal(err, "port: from --port\ntoken_hmac_secret: from SHOAL_TOKEN_HMAC_SECRET\n");
});

Deno.test("runCli() mints a connection token with the configured key, audience and issuer", async () => {
  const env = { SHOAL_TOKEN_HMAC_SECRET: KEY, SHOAL_TOKEN_AUDIENCE: "a", SHOAL_TOKEN_ISSUER: "i" };
  const { code, out } = await run(["token", "--user", "u1", "--workspace", "acme", "--expires", "30m"], env);
  assert.equal(code, 0);
  const { iat, exp, ...claims } = claimsOf(out);
  assert.equal(Number(exp) - Number(iat), 1800);
  assert.deepEqual(claims, { sub: "u1", workspace: "acme", aud: "a", iss: "i" });
});

Deno.test("runCli() mints a subscription token when a channel is given", async () => {
  const { out } = await run(["token", "--user", "u1", "--channel", "$c"], { SHOAL_TOKEN_HMAC_SECRET: KEY });
  const { iat, exp, ...claims } = claimsOf(out);
  assert.equal(Number(exp) - Number(iat), 3600);
  assert.deepEqual(claims, { sub: "u1", channel: "$c" });
});

Deno.test("runCli() says how to set the key when a token is wanted without one", async () => {
  const { code, out, err } = await run(["token", "--user", "u1"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /no key is configured\n.*export SHOAL_TOKEN_HMAC_SECRET=/);
});

Deno.test("runCli() refuses a token's wrong times and names", async () => {
  const env = { SHOAL_TOKEN_HMAC_SECRET: KEY };
  for (
    const args of [["--expires", "0s"], ["--expires", "1"], ["--expires", "99999d"], ["--workspace", "A b"]]
  ) {
    assert.equal((await run(["token", "--user", "u1", ...args], env)).code, 2, args.join(" "));
  }
});

Deno.test("runCli() hands reload, scale and status to the cluster's commands", async () => {
  assert.deepEqual((await run(["cluster", "reload"])).placed, [["reload", undefined]]);
  assert.deepEqual((await run(["cluster", "scale", "5", "--port", "9000"])).placed, [["scale 5", 9000]]);
  assert.deepEqual((await run(["cluster", "status"])).placed, [["status false", undefined]]);
  assert.deepEqual((await run(["cluster", "status", "--json"])).placed, [["status true", undefined]]);
  assert.equal((await run(["cluster", "scale", "none"])).code, 2);
});

Deno.test("runCli() finds the cluster to stop although the configuration cannot be used", async () => {
  const broken = { SHOAL_CONFIG: "/does/not/exist.json" };
  assert.deepEqual((await run(["cluster", "stop"], broken)).placed, [["stop", undefined]]);
  assert.deepEqual((await run(["cluster", "stop", "--port", "9000"], broken)).placed, [["stop", 9000]]);
});

Deno.test("runCli() starts a cluster in the background, and in that process in the foreground", async () => {
  const launched = await run(["cluster", "--daemon"]);
  assert.deepEqual([launched.daemons.length, launched.clusters.length], [1, 0]);
  const daemon = await run(["cluster", "--daemon"], { SHOAL_DAEMON_LOG: "/var/log/shoal.log" });
  assert.deepEqual([daemon.daemons.length, daemon.clusters.length], [0, 1]);
});

Deno.test("runCli() reads a cluster's configuration again, and refuses what takes a new start", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify({ memory_limit_mb: 256 }));
  const { rereads: [reread] } = await run(["cluster", "--config", file]);
  assert.ok(reread);
  await Deno.writeTextFile(file, JSON.stringify({ memory_limit_mb: 512 }));
  const again = await reread();
  assert.equal("options" in again && again.options.memoryLimitMb, 512);
  await Deno.writeTextFile(file, JSON.stringify({ redis_prefix: "other:" }));
  assert.deepEqual(await reread(), {
    faults: ["Cannot change redis_prefix while nodes run: stop the cluster and start it"],
  });
  await Deno.writeTextFile(file, "{");
  const faulty = await reread();
  assert.match("faults" in faulty ? faulty.faults.join() : "", /^Cannot read configuration file/);
  await Deno.remove(file);
});

Deno.test("runCli() prints the version, of every command", async () => {
  for (const args of [[], ["start"], ["cluster"], ["perf"]]) {
    const { code, out, perf } = await run([...args, "--version"]);
    assert.deepEqual([code, out, perf], [0, `shoal ${VERSION}\n`, []], args.join(" "));
  }
});
