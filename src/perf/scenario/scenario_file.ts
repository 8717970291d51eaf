/** Scenario files: defaults for the options of a run, in JSON or TypeScript, checked before anything starts. */
// zod: one schema checks the file, types the result and publishes itself as JSON Schema for editors.
import { z } from "zod";
import { createRequire } from "node:module";
import { UsageError } from "../usage_error.ts";
import { presets } from "./presets.ts";

const text = z.string().min(1);
const amount = z.union([z.number().nonnegative(), text]);
const list = z.union([text, z.array(text).min(1)]);

/** What a file may say: the long names of the options. Numbers may have units, as on the command line. */
export const scenarioFileSchema = z.strictObject({
  $schema: text.optional().describe("address of this schema, for editors"),
  name: text.optional().describe("name in reports; default: the file's"),
  preset: z.enum(Object.keys(presets) as [string, ...string[]]).optional().describe(
    "what the file changes; default: light",
  ),
  targets: list.optional().describe("addresses of running servers"),
  start: z.union([z.boolean(), text]).optional().describe("cluster=3, standalone, or a command line"),
  instances: amount.optional(),
  clients: amount.optional().describe("connections over all instances"),
  messages: amount.optional().describe("measured messages over all connections"),
  rate: amount.optional().describe("messages per second over all connections, like 2k/s"),
  duration: amount.optional().describe("length of the measured phase, like 20s"),
  stages: z.array(z.strictObject({ duration: amount, rate: amount })).min(1).optional()
    .describe("the rate moves in a straight line to `rate` within `duration`"),
  model: z.enum(["open", "closed"]).optional(),
  pattern: text.optional().describe("echo, rpc:METHOD, broadcast[:PUBLISHERS], rooms:SIZE, direct, mixed"),
  payload: amount.optional().describe("64, 64..1024, exp:256 or 64x9,4096x1 (bytes x weight)"),
  window: amount.optional().describe("unanswered messages per connection, 0: any"),
  warmup: amount.optional(),
  drain: amount.optional(),
  batch: amount.optional().describe("connections opened together"),
  interval: amount.optional().describe("from batch to batch"),
  maxBatches: amount.optional(),
  rampUp: amount.optional().describe("all connections evenly within this time"),
  connectTimeout: amount.optional(),
  retries: amount.optional(),
  churn: amount.optional().describe("share of connections opened anew each second, like 5%"),
  reconnect: z.boolean().optional(),
  sourceIps: list.optional(),
  speech: z.enum(["shoal", "plain", "http"]).optional(),
  message: text.optional().describe("plain: text with {{id}}, {{seq}} and {{payload}}"),
  reply: text.optional().describe("plain: echo, order, or /expression/ whose first group is the id"),
  hello: list.optional(),
  method: text.optional(),
  body: text.optional(),
  parts: list.optional(),
  pacer: z.enum(["timer", "spin"]).optional(),
  workers: amount.optional(),
  slo: list.optional(),
  seed: amount.optional(),
});

/** A file's content. */
export type ScenarioFile = z.infer<typeof scenarioFileSchema>;

/** Whether `name` is a file rather than a preset. */
export function isScenarioFile(name: string): boolean {
  return /\.(json|ts)$/.test(name);
}

/** Reads and checks `path`. Throws {@linkcode UsageError} that lists every fault. */
export function readScenarioFile(path: string): ScenarioFile {
  return checkScenarioFile(path.endsWith(".ts") ? load(path) : parse(path), path);
}

/** Checks a file's content; `path` is for the complaint. */
export function checkScenarioFile(content: unknown, path: string): ScenarioFile {
  const outcome = scenarioFileSchema.safeParse(content);
  if (outcome.success) return outcome.data;
  const faults = outcome.error.issues.map((issue) => {
    const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    return `  ${where}${issue.message}`;
  });
  throw new UsageError(
    `Cannot use scenario "${path}":\n${faults.join("\n")}\nSee docs/perf-scenario.schema.json`,
  );
}

function parse(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`Cannot read scenario "${path}": ${error.message}`);
    }
    throw unreadable(path, error);
  }
}

/** A module that exports `scenario`. Loaded at once, so that the command line is complete before anything starts. */
function load(path: string): unknown {
  try {
    const module: unknown = createRequire(import.meta.url)(Deno.realPathSync(path));
    if (typeof module === "object" && module !== null && "scenario" in module) return module.scenario;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new UsageError(`Cannot use scenario "${path}": it has no export named scenario`);
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new UsageError(
      `Cannot read scenario "${path}": there is no such file; presets are ${Object.keys(presets).join(", ")}`,
    );
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new UsageError(`Cannot read scenario "${path}": ${error.message}; put it below this folder`);
  }
  return error instanceof SyntaxError || error instanceof TypeError
    ? new UsageError(`Cannot load scenario "${path}": ${error.message}`)
    : error;
}

/** The schema for editors and other programs, as JSON text. */
export function scenarioSchemaText(): string {
  const schema = z.toJSONSchema(scenarioFileSchema, { io: "input" });
  return JSON.stringify({ title: "Scenario of deno task perf", ...schema }, undefined, 2) + "\n";
}
