import assert from "node:assert/strict";
import { createLogger, type LogFields, type LogLevel, silentLogger } from "./log.ts";
import { LogGate } from "./log_gate.ts";
import { redactor } from "./redact.ts";

function lines(
  format: "json" | "pretty",
  level: LogLevel,
  say: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const out: string[] = [];
  say(
    createLogger({
      level,
      format,
      clock: { wallMs: () => 0, monotonicMs: () => 0 },
      write: (line) => out.push(line),
    }),
  );
  return out;
}

Deno.test("createLogger() writes one JSON record a line with time, level, context and fields", () => {
  const [line = ""] = lines("json", "info", (log) => log.child({ node: "n1" }).warn("Slow", { ms: 5 }));
  assert.deepEqual(JSON.parse(line), {
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    message: "Slow",
    node: "n1",
    ms: 5,
  });
});

Deno.test("createLogger() leaves out what is below its level", () => {
  const out = lines(
    "json",
    "warn",
    (log) => (["trace", "debug", "info", "warn", "error"] as const).forEach((level) => log[level]("x")),
  );
  assert.equal(out.length, 2);
});

Deno.test("createLogger() shows an error with its causes", () => {
  const error = new Error("outer", { cause: new Error("inner") });
  const [line = ""] = lines("json", "info", (log) => log.error("Failed", { error }));
  assert.equal(JSON.parse(line).error, "outer: inner");
});

Deno.test("createLogger() pretty leaves out a field without a value", () => {
  const [line = ""] = lines("pretty", "info", (log) => log.info("Up", { port: undefined, ms: 5 }));
  assert.equal(line, "00:00:00.000 INFO  Up ms=5");
});

Deno.test("createLogger() pretty cannot be made to forge a second record or move a cursor", () => {
  const hostile = "x\n00:00:00.000 ERROR forged\x1b[2J";
  const out = lines("pretty", "info", (log) => log.info(hostile, { user: hostile }));
  assert.equal(out.length, 1);
  // deno-lint-ignore no-control-regex -- that none is left is the point
  assert.doesNotMatch(out[0] ?? "", /[\x00-\x1f]/);
});

Deno.test("createLogger() survives values that JSON cannot show", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const fields: LogFields = { cycle, big: 10n, nothing: undefined };
  for (const format of ["json", "pretty"] as const) {
    assert.equal(lines(format, "info", (log) => log.info("odd", fields)).length, 1);
  }
});

Deno.test("silentLogger says nothing and has silent children", () => {
  assert.equal(silentLogger.child({ a: 1 }), silentLogger);
  assert.equal(silentLogger.error("x"), undefined);
});

function logInto(out: string[], clock: { nowMs: number }, gate: LogGate, later?: (run: () => void) => void) {
  return createLogger({
    level: gate,
    format: "json",
    clock: { wallMs: () => 0, monotonicMs: () => clock.nowMs },
    write: (line) => out.push(line),
    redact: redactor(["hunter22"]),
    ...(later === undefined ? {} : { later }),
  });
}

Deno.test("createLogger() follows its gate's level at once, children included", () => {
  const out: string[] = [];
  const gate = new LogGate("warn");
  const child = logInto(out, { nowMs: 0 }, gate).child({ node: "n1" });
  child.debug("before");
  gate.level = "debug";
  child.debug("after");
  assert.deepEqual(out.map((line) => JSON.parse(line).message), ["after"]);
});

Deno.test("createLogger() leaves out repetitions past the limit and tells how many, by itself or with the next", () => {
  const out: string[] = [];
  const clock = { nowMs: 0 };
  const waiting: (() => void)[] = [];
  const log = logInto(out, clock, new LogGate("info", { perInterval: 2, intervalMs: 1_000 }), (run) => {
    waiting.push(run);
  });
  for (let i = 0; i < 5; i++) log.warn("Slow", { i });
  log.info("Other");
  assert.equal(out.length, 3);
  assert.equal(waiting.length, 1);
  clock.nowMs = 1_000;
  for (const run of waiting) run();
  const told = JSON.parse(out.at(-1) ?? "");
  assert.deepEqual([told.level, told.repeated, told.suppressed], ["warn", "Slow", 3]);
  log.warn("Slow");
  assert.equal(JSON.parse(out.at(-1) ?? "").message, "Slow");
});

Deno.test("createLogger() lets all of debug through: who asks for it wants it", () => {
  const out: string[] = [];
  const log = logInto(out, { nowMs: 0 }, new LogGate("debug", { perInterval: 1, intervalMs: 1_000 }));
  for (let i = 0; i < 5; i++) log.debug("Step");
  assert.equal(out.length, 5);
});

Deno.test("createLogger() keeps control characters out of JSON records, in keys and values, and masks secrets", () => {
  const out: string[] = [];
  const log = logInto(out, { nowMs: 0 }, new LogGate("info"));
  const hostile = "a\nb\x7f\x9b2J\u2028c";
  log.info(hostile, { [hostile]: hostile, password: "hunter22" });
  const [line = ""] = out;
  // deno-lint-ignore no-control-regex -- that none is left is the point
  assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
  assert.deepEqual([JSON.parse(line).message, JSON.parse(line).password], [hostile, "***"]);
});

Deno.test("createLogger() lets no field take the place of time, level or message", () => {
  const [line = ""] = lines(
    "json",
    "info",
    (log) => log.info("true", { level: "error", message: "false", time: 1 }),
  );
  const { level, message, time } = JSON.parse(line);
  assert.deepEqual([level, message, time], ["info", "true", "1970-01-01T00:00:00.000Z"]);
});

Deno.test("createLogger() cuts long values and keeps a record whose field JSON cannot show", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const error = new Error("x".repeat(100_000));
  const [line = ""] = lines(
    "json",
    "info",
    (log) => log.info("Odd", { cycle, error, list: Array(99_999).fill(1) }),
  );
  assert.ok(line.length < 10_000, String(line.length));
  assert.equal(JSON.parse(line).message, "Odd");
});

Deno.test("createLogger() survives an error that is its own cause", () => {
  const error = new Error("loop");
  error.cause = error;
  assert.equal(lines("json", "info", (log) => log.info("Odd", { error })).length, 1);
});
