/** The options that every measuring command takes: what to measure, with which load, held to which demands. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Part } from "../engine/load_options.ts";
import type { PacerKind } from "../engine/pacer.ts";
import { type ListenAddress, parseListenAddress } from "../reports/prometheus/metrics_endpoint.ts";
import { parsePattern, parseStages } from "../scenario/pattern_text.ts";
import { parsePayload, type PayloadSpec } from "../scenario/payload_spec.ts";
import type { Pattern, Scenario, Stage } from "../scenario/scenario.ts";
import { parseCount, parseDurationMs, parsePerSec, parseShare } from "../units.ts";
import { option } from "./command.ts";
import { applyScenarioFile } from "./scenario_options.ts";
import type { SpeechFlags } from "./speech_flags.ts";

/** The options as commander gives them. */
export interface LoadFlags extends SpeechFlags {
  readonly scenario: string;
  readonly name?: string;
  /** True for `--start` alone, false for `--no-start`. */
  readonly start?: string | boolean;
  /** As many as the connections need unless said otherwise. */
  readonly instances?: number;
  readonly redis?: string;
  readonly clients?: number;
  readonly messages?: number;
  readonly rate?: number;
  readonly duration?: number;
  readonly stages?: readonly Stage[];
  readonly model?: Scenario["model"];
  readonly pattern?: Pattern;
  readonly payload?: PayloadSpec;
  readonly window?: number;
  readonly warmup?: number;
  readonly drain: number;
  readonly interval?: number;
  readonly batch?: number;
  readonly maxBatches?: number;
  readonly connectTimeout?: number;
  readonly retries?: number;
  readonly rampUp?: number;
  readonly churn?: number;
  readonly reconnect?: boolean;
  readonly parts?: readonly Part[];
  readonly pacer: PacerKind;
  readonly workers: number | "auto";
  readonly sourceIps: readonly string[];
  readonly pauseBelow: number;
  readonly resumeAbove: number;
  readonly slo?: string;
  readonly latency?: number;
  readonly jitter?: number;
  readonly seed?: number;
  readonly out: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly prometheus?: ListenAddress;
}

/** All parts, in the order in which they run. */
export const PARTS: readonly Part[] = ["http", "traffic", "cross"];

/** Adds the options; answers the command. Commands that name their subjects otherwise leave `--start` out. */
export function addLoadFlags(
  command: Command,
  { takesSubject = true }: { readonly takesSubject?: boolean } = {},
): Command {
  command.hook("preAction", (_, action) => applyScenarioFile(action));
  addTargetFlags(command);
  if (takesSubject) addSubjectFlags(command);
  addTrafficFlags(command);
  addConnectFlags(command);
  addSpeechFlags(command);
  return addRunFlags(command);
}

function addTargetFlags(command: Command): void {
  command
    .option("--scenario <name>", "light, medium, heavy, stress, xl, or a file (.json, .ts)", "light")
    .option("--name <text>", "name in reports (default: the scenario's)")
    .option(
      "--targets <urls>",
      "comma-separated ws:// or http:// addresses (default: nodes on ports 8080-8082)",
    )
    .option("--redis <url>", "Redis for a cluster of our own (default: embedded hub)");
}

function addSubjectFlags(command: Command): void {
  command
    .option(
      "--start [what]",
      "start servers for this run: cluster=3, standalone, or a command line; alone: a cluster of --instances",
    )
    .option("--no-start", "never start one")
    .option(
      "--instances <n>",
      "size of a cluster of our own (default: 2, or one for each 14,000 connections)",
      option((text) => parseCount(text)),
    );
}

function addTrafficFlags(command: Command): void {
  command
    .option("-c, --clients <n>", "connections, over all instances", option((text) => parseCount(text)))
    .option("-n, --messages <n>", "measured messages", option((text) => parseCount(text)))
    .option("--rate <n/s>", "messages per second, over all connections", option(parsePerSec))
    .option("-z, --duration <time>", "length of the measured phase", option(parseDurationMs))
    .option("--stages <list>", "rates over time, like 10s:500,20s:2k", option(parseStages))
    .addOption(new Option("--model <model>", "open: by plan; closed: on answers").choices(["open", "closed"]))
    .option(
      "--pattern <kind>",
      "echo, rpc:METHOD, broadcast[:PUBLISHERS], rooms:SIZE, direct, mixed",
      option(parsePattern),
    )
    .option(
      "--payload <bytes>",
      "64, 64..1024, exp:256 or 64x9,4096x1 (bytes x weight)",
      option(parsePayload),
    )
    .option(
      "--window <n>",
      "unanswered messages per connection, 0: any",
      option((text) => parseCount(text, 0)),
    )
    .option("--warmup <time>", "before measuring (default: 3s)", option(parseDurationMs))
    .addOption(
      new Option("--drain <time>", "wait for answers at most")
        .argParser(option(parseDurationMs)).default(10_000, "10s"),
    );
}

function addConnectFlags(command: Command): void {
  command
    .option("--batch <n>", "connections opened together", option((text) => parseCount(text)))
    .option("--interval <time>", "from batch to batch", option(parseDurationMs))
    .option("--max-batches <n>", "batches under way at any time", option((text) => parseCount(text)))
    .option(
      "--ramp-up <time>",
      "open all connections evenly within this time (sets --batch)",
      option(parseDurationMs),
    )
    .addOption(new Option("--rampUp <time>").argParser(option(parseDurationMs)).hideHelp())
    .option("--connect-timeout <time>", "a connection has to stand within this", option(parseDurationMs))
    .option("--retries <n>", "further attempts of one connection", option((text) => parseCount(text, 0)))
    .option("--churn <share/s>", "connections closed and opened anew, like 5%/s", option(parseShare))
    .option("--reconnect", "open lost connections anew, with backoff")
    .addOption(
      new Option("--source-ips <list>", "local addresses to connect from, or auto")
        .argParser(parseSourceIps).default([], "the system's choice"),
    )
    .addOption(
      new Option("--pause-below <share>", "connecting pauses when less memory is available")
        .argParser(option(parseShare)).default(0.1, "10%"),
    )
    .addOption(
      new Option("--resume-above <share>", "and goes on from here")
        .argParser(option(parseShare)).default(0.15, "15%"),
    );
}

function addSpeechFlags(command: Command): void {
  command
    .addOption(
      new Option("--speech <kind>", "what is spoken (default: shoal, http for http:// targets with a path)")
        .choices(["shoal", "plain", "http"]),
    )
    .option("--message <template>", "plain: text with {{id}}, {{seq}} and {{payload}}")
    .option("--reply <rule>", "plain: echo, order, or /expression/ whose first group is the id")
    .option("--hello <text...>", "plain: sent first on each connection")
    .option("--method <name>", "http: request method (default: GET, POST with --body)")
    .option("--body <text>", "http: request body, with {{id}} and {{payload}}");
}

function addRunFlags(command: Command): Command {
  return command
    .option("--parts <list>", "of http, traffic, cross (default: what the target can)", parseParts)
    .addOption(
      new Option("--pacer <kind>", "spin is exact and takes a core").choices(["timer", "spin"]).default(
        "timer",
      ),
    )
    .option("--workers <n>", "generator processes, or auto", option(parseWorkers), "auto")
    .option(
      "--latency <time>",
      "added to all connections, each way, by a proxy of ours",
      option(parseDurationMs),
    )
    .option("--jitter <time>", "which varies by up to this much", option(parseDurationMs))
    .option("--slo <list>", "demands, like 'rtt.p99<50ms,loss==0'")
    .option("--seed <n>", "for payloads and names (default: random)", option((text) => parseCount(text, 0)))
    .option("--out <folder>", "where reports go", "reports/")
    .option(
      "--prometheus <address>",
      "serve /metrics during the run, like :9464 (loopback) or 0.0.0.0:9464",
      option(parseListenAddress),
    )
    .option("--quiet", "no progress")
    .option("--json", "progress and result on stdout, one JSON object a line, for scripts")
    .option("--markdown", "the result on stdout as Markdown");
}

function parseParts(text: string): readonly Part[] {
  const names = text.split(",").map((name) => name.trim()).map((name) => name === "ws" ? "traffic" : name);
  const wrong = names.find((name) => !PARTS.some((part) => part === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${PARTS.join(", ")}.`);
  return PARTS.filter((part) => names.includes(part));
}

function parseWorkers(text: string): number | "auto" {
  return text === "auto" ? text : parseCount(text);
}

function parseSourceIps(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}
