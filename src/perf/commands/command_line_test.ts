import assert from "node:assert/strict";
import { Command } from "commander";
import type { RunRequest } from "../measure.ts";
import { readCommandLine } from "./command_line.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";

function say(args: readonly string[]) {
  const said: string[] = [];
  const output = { writeOut: (text: string) => said.push(text), writeErr: (text: string) => said.push(text) };
  const line = readCommandLine(args, output, () => 5);
  return { line, said: said.join("") };
}

function read(args: readonly string[]): RunRequest {
  let request: RunRequest | undefined;
  const take = (flags: LoadFlags) => void (request = toRunRequest(flags, { argv: args, newSeed: () => 5 }));
  addLoadFlags(new Command()).exitOverride().action(take).parse([...args], { from: "user" });
  assert.ok(request);
  return request;
}

Deno.test("readCommandLine() runs the light preset without any argument", () => {
  assert.equal(say([]).line.kind, "work");
  const { load, subject } = read([]);
  assert.equal(load.scenario.name, "light");
  assert.deepEqual(load.parts, ["http", "traffic", "cross"]);
  assert.deepEqual(subject, { kind: "running", mayStart: true, instances: 2, redis: undefined });
  assert.equal(load.seed, 5);
});

Deno.test("toRunRequest() starts as many instances as the connections need, unless told how many", () => {
  const instancesOf = (...args: readonly string[]) => {
    const { subject } = read(args);
    return subject.kind === "running" || subject.kind === "cluster" ? subject.instances : undefined;
  };
  assert.equal(instancesOf("--scenario", "xl"), 8);
  assert.equal(instancesOf("--start", "-c", "28001"), 3);
  assert.equal(instancesOf("--scenario", "xl", "--instances", "12"), 12);
});

Deno.test("toRunRequest() lets options change the preset", () => {
  const { load, subject } = read([
    "--scenario",
    "heavy",
    "-c",
    "20",
    "--rate",
    "1k/s",
    "-z",
    "3s",
    "--no-start",
  ]);
  const { connections, messages, perSec } = load.scenario;
  assert.deepEqual([connections, messages, perSec], [20, 3_000, 1_000]);
  assert.equal(subject.kind === "running" && subject.mayStart, false);
});

Deno.test("toRunRequest() takes the founding names --clients --interval --rampUp --duration --rate", () => {
  const line = [
    "--clients",
    "100",
    "--interval",
    "50ms",
    "--rampUp",
    "1s",
    "--duration",
    "2s",
    "--rate",
    "500",
  ];
  const { scenario } = read(line).load;
  assert.deepEqual([scenario.connections, scenario.messages, scenario.ramp.intervalMs, scenario.ramp.batch], [
    100,
    1_000,
    50,
    5,
  ]);
});

Deno.test("toRunRequest() guesses from the target's path what is spoken there", () => {
  assert.equal(read(["--targets", "ws://h:1"]).load.scenario.speech.kind, "shoal");
  assert.deepEqual(read(["--targets", "ws://h:1/apps/echo"]).load.scenario.speech, {
    kind: "plain",
    message: "{{id}} {{payload}}",
    reply: { kind: "echo" },
    hello: [],
  });
  assert.equal(read(["--targets", "http://h:1/health"]).load.scenario.speech.kind, "http");
  assert.deepEqual(read(["--targets", "http://h:1/health"]).load.parts, ["traffic"]);
});

Deno.test("readCommandLine() answers wrong usage with code 2 and a next step", () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--rate", "fast"], /Cannot read rate "fast": write it like 1000\/s/],
    [["--scenario", "huge"], /light, medium, heavy, stress/],
    [["--unknown"], /unknown option '--unknown'/],
    [["runn"], /unknown command 'runn': want run, compare/],
    [["--parts", "ftp"], /"ftp" is none of http, traffic, cross/],
    [["--slo", "rtt.p42<1ms"], /Cannot read SLO "rtt.p42<1ms"/],
    [["-n", "5", "-z", "1s"], /Cannot take both/],
    [["--pattern", "chat"], /Cannot read pattern "chat": write echo/],
    [["--payload", "big"], /Cannot read payload "big": write it like 64/],
    [["--start", "node server.js"], /say with --targets where it will listen/],
    [["--message", "hi", "--reply", "echo"], /needs {{id}}/],
    [["--targets", "ws://h/chat", "--pattern", "direct"], /needs Shoal's protocol/],
  ];
  for (const [args, complaint] of wrong) {
    const { line, said } = say(args);
    assert.deepEqual(line, { kind: "exit", code: 2 }, `${args}: ${said}`);
    assert.match(said, complaint);
  }
});

Deno.test("readCommandLine() shows help with examples and code 0", () => {
  const { line, said } = say(["run", "--help"]);
  assert.deepEqual(line, { kind: "exit", code: 0 });
  assert.match(said, /Examples:\n {2}deno task perf/);
});

Deno.test("readCommandLine() keeps passwords and tokens out of the report", () => {
  const seen: (readonly string[])[] = [];
  const spy = {
    name: "spy",
    build: (command: Command, context: { argv: readonly string[] }) => {
      command.option("--redis <url>").option("--targets <urls>").action(() => void seen.push(context.argv));
    },
  };
  const args = ["spy", "--redis", "redis://u:secret@h:1", "--targets", "ws://h/x?token=secret"];
  readCommandLine(args, { writeOut: () => {}, writeErr: () => {} }, () => 5, [spy]);
  assert.equal(seen.length, 1);
  assert.equal(JSON.stringify(seen).includes("secret"), false);
});

Deno.test("a scenario file gives defaults that the command line beats", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/mine.ts`;
  const content = {
    preset: "medium",
    clients: 40,
    rate: "2k/s",
    duration: "3s",
    pattern: "rooms:4",
    payload: 128,
    slo: ["loss==0", "rtt.p99<50ms"],
    reconnect: true,
  };
  await Deno.writeTextFile(path, `export const scenario: unknown = ${JSON.stringify(content)};`);
  const { load, slos } = read(["--scenario", path, "-c", "8"]);
  await Deno.remove(folder, { recursive: true });
  const { name, connections, messages, pattern, payload, reconnects, http } = load.scenario;
  assert.deepEqual([name, connections, messages, reconnects, http.concurrency], ["mine", 8, 6_000, true, 10]);
  assert.deepEqual([pattern, payload], [{ kind: "rooms", size: 4 }, { kind: "fixed", bytes: 128 }]);
  assert.deepEqual(slos.map((slo) => slo.text), ["loss==0", "rtt.p99<50ms"]);
});
