import assert from "node:assert/strict";
import { createLogger, type LogFields, type LogLevel, silentLogger } from "./log.ts";

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
