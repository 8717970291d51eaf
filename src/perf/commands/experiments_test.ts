import assert from "node:assert/strict";
import { nameOfSubject } from "../targets/subject.ts";
import { readCommandLine } from "./command_line.ts";

function say(args: readonly string[]) {
  const said: string[] = [];
  const output = { writeOut: (text: string) => said.push(text), writeErr: (text: string) => said.push(text) };
  const line = readCommandLine(args, output, () => 5);
  return { line, said: said.join("") };
}

Deno.test("readCommandLine() takes the experiments of the guide", () => {
  const redis = ["--redis", "redis://127.0.0.1:6379"];
  const lines: readonly (readonly string[])[] = [
    ["compare", "--a", "cluster=3", "--b", "standalone", "--scenario", "heavy", "--pairs", "5"],
    ["compare", "--a", "cluster=3", "--b", "standalone", "--scenario", "light,stress", "--markdown"],
    ["compare", "--a", "node a.js", "--a-targets", "ws://h:1", "--b", "bun b.ts", "--b-targets", "ws://h:2"],
    ["compare", "a.json", "b.json", "--force"],
    ["scale", "--instances", "1,2,3,4,6,8", "--fit", "usl", "--measure", "throughput"],
    ["search", "--slo", "p99<50ms,loss==0".replace("p99", "rtt.p99"), "--by", "connections", "--hold", "10s"],
    ["drill", ...redis, "--kill", "2@10s", "--restart", "2@20s"],
    ["drill", ...redis, "--kill", "2@10s", "--kill", "1@15s", "--restart"],
    ["drill", ...redis, "--pause", "1@10s:3s", "--broker-drop", "5s@15s"],
    ["plan", "--connections", "10M", "--rate", "500k/s", "--from", "run.json"],
    ["plan", "--check", ...redis],
    ["run", "--latency", "40ms", "--jitter", "10ms"],
  ];
  for (const args of lines) {
    const { line, said } = say(args);
    assert.equal(line.kind, "work", `${args.join(" ")}: ${said}`);
  }
});

Deno.test("readCommandLine() answers wrong experiments with code 2 and a next step", () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["compare"], /write --a cluster=3 --b standalone, or two run.json files/],
    [["compare", "--a", "standalone", "--b", "standalone", "--scenario", "light,huge"], /huge/],
    [["compare", "a.json"], /Cannot compare 1 reports: name two/],
    [["compare", "--a", "node a.js", "--b", "standalone"], /say with --targets where it will listen/],
    [["compare", "--a", "standalone", "--b", "standalone", "--start"], /unknown option '--start'/],
    [["compare", "--a", "standalone", "--b", "standalone", "--baseline", "c"], /write a or b/],
    [["scale", "--instances", "1,2,3"], /at least 5 sizes/],
    [["scale", "--instances", "1,2,3,4,99"], /at most 64/],
    [["search", "--stages", "1s:5"], /take --hold instead of --stages/],
    [["search", "--model", "closed"], /no rate to raise/],
    [["drill", "--kill", "2@10s"], /start redis-server and add --redis/],
    [["drill", "--redis", "redis://h", "--kill", "2"], /write instance and time, like --kill 2@10s/],
    [["drill", "--redis", "redis://h"], /needs something to do/],
    [["drill", "--redis", "redis://h", "--kill", "9@10s"], /the cluster has 3/],
    [["plan"], /A plan needs a load and a measured run/],
    [["plan", "--check"], /start redis-server and add --redis/],
    [["plan", "--zipf", "steep"], /write a number from 0 to 5/],
    [["run", "--jitter", "5ms"], /write --latency 40ms --jitter 10ms/],
    [["run", "--latency", "5ms", "--jitter", "9ms"], /cannot be larger than --latency/],
  ];
  for (const [args, complaint] of wrong) {
    const { line, said } = say(args);
    assert.deepEqual(line, { kind: "exit", code: 2 }, `${args.join(" ")}: ${said}`);
    assert.match(said, complaint);
  }
});

Deno.test("readCommandLine() shows help with examples and exit codes for each experiment", () => {
  for (const name of ["compare", "scale", "search", "drill", "plan"]) {
    const { line, said } = say([name, "--help"]);
    assert.deepEqual(line, { kind: "exit", code: 0 });
    assert.match(said, /Examples:\n {2}deno task perf/);
    assert.match(said, /Exit codes: 0/);
  }
});

Deno.test("nameOfSubject() keeps tokens out of titles", () => {
  assert.equal(nameOfSubject({ kind: "urls", urls: "ws://h/x?token=secret" }), "ws://h/x?token=***");
});
