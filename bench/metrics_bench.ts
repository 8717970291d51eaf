/** What counting costs on the hot path, beside what it replaces: reading the clock twice for every command. */
import { systemClock } from "../src/core/clock.ts";
import { Buckets } from "../src/core/buckets.ts";
import { CommandTimer, type TimedCommand } from "../src/server/command_timer.ts";

const timer = new CommandTimer(systemClock);
const buckets = new Buckets();
const publish: TimedCommand = { kind: "publish" };

Deno.bench("CommandTimer: begin and end of one command", { baseline: true }, () => {
  timer.begin(publish);
  timer.end(publish);
});

Deno.bench("the clock twice and Buckets.observe() for every command", () => {
  const startMs = systemClock.monotonicMs();
  buckets.observe((systemClock.monotonicMs() - startMs) / 1000);
});

Deno.bench("Buckets.observe() of 3 ms", () => buckets.observe(0.003));
