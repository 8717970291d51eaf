import assert from "node:assert/strict";
import { readCommandLine } from "./command_line.ts";

function read(args: readonly string[]) {
  const said: string[] = [];
  const output = { writeOut: (text: string) => said.push(text), writeErr: (text: string) => said.push(text) };
  const line = readCommandLine(args, output, () => 5);
  return { line, said: said.join("") };
}

Deno.test("readCommandLine() runs the light preset without any argument", () => {
  const { line } = read([]);
  assert.equal(line.kind, "run");
  if (line.kind !== "run") return;
  assert.equal(line.request.load.scenario.name, "light");
  assert.deepEqual(line.request.load.parts, ["http", "ws", "cross"]);
  assert.equal(line.request.choice.start, undefined);
  assert.equal(line.request.load.seed, 5);
});

Deno.test("readCommandLine() lets options change the preset, with and without the word run", () => {
  for (const prefix of [[], ["run"]]) {
    const { line } = read([
      ...prefix,
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
    assert.equal(line.kind, "run");
    if (line.kind !== "run") return;
    const { connections, messages, perSec } = line.request.load.scenario;
    assert.deepEqual([connections, messages, perSec, line.request.choice.start], [20, 3_000, 1_000, false]);
  }
});

Deno.test("readCommandLine() answers wrong usage with code 2 and a next step", () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--rate", "fast"], /Cannot read rate "fast": write it like 1000\/s/],
    [["--scenario", "huge"], /light, medium, heavy, stress/],
    [["--unknown"], /unknown option '--unknown'/],
    [["--parts", "ftp"], /"ftp" is none of http, ws, cross/],
    [["--slo", "rtt.p42<1ms"], /Cannot read SLO "rtt.p42<1ms"/],
    [["-n", "5", "-z", "1s"], /Cannot take both/],
  ];
  for (const [args, complaint] of wrong) {
    const { line, said } = read(args);
    assert.deepEqual(line, { kind: "exit", code: 2 });
    assert.match(said, complaint);
  }
});

Deno.test("readCommandLine() shows help with examples and code 0", () => {
  const { line, said } = read(["run", "--help"]);
  assert.deepEqual(line, { kind: "exit", code: 0 });
  assert.match(said, /Examples:\n {2}deno task perf/);
});

Deno.test("readCommandLine() keeps passwords and tokens out of the report", () => {
  const { line } = read(["--redis", "redis://u:secret@h:1", "--targets", "ws://h/x?token=secret"]);
  assert.equal(line.kind === "run" && JSON.stringify(line.request.argv).includes("secret"), false);
});
