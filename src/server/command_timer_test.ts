import assert from "node:assert/strict";
import { CommandTimer, type TimedCommand } from "./command_timer.ts";

function timerAt(clock: { nowMs: number }) {
  return new CommandTimer({ wallMs: () => 0, monotonicMs: () => clock.nowMs });
}

function count(timer: CommandTimer, kind: string): number {
  const reading = timer.seconds().get(kind);
  return (reading?.counts ?? []).reduce((sum, each) => sum + each, 0);
}

Deno.test("CommandTimer counts every command and times one in 16 of each kind", () => {
  const timer = timerAt({ nowMs: 0 });
  for (let i = 0; i < 33; i++) {
    const command: TimedCommand = { kind: "publish" };
    timer.begin(command);
    timer.end(command);
  }
  const ping: TimedCommand = { kind: "ping" };
  timer.begin(ping);
  timer.end(ping);
  const totals = timer.totals();
  assert.deepEqual(["publish", "ping", "rpc"].map((kind) => totals.get(kind)), [33, 1, 0]);
  assert.deepEqual([count(timer, "publish"), count(timer, "ping")], [3, 1]);
});

Deno.test("CommandTimer.end() takes the time of its own command when others overtake it", () => {
  const clock = { nowMs: 0 };
  const timer = timerAt(clock);
  const slow: TimedCommand = { kind: "rpc" }, fast: TimedCommand = { kind: "rpc" };
  timer.begin(slow);
  timer.begin(fast);
  timer.end(fast);
  assert.equal(count(timer, "rpc"), 0);
  clock.nowMs = 2_000;
  timer.end(slow);
  assert.equal(timer.seconds().get("rpc")?.sum, 2);
});

Deno.test("CommandTimer gives up a command that was never answered, and times on", () => {
  const clock = { nowMs: 0 };
  const timer = timerAt(clock);
  for (let i = 0; i < 16; i++) timer.begin({ kind: "rpc" });
  clock.nowMs = 29_999;
  for (let i = 0; i < 16; i++) timer.begin({ kind: "rpc" });
  clock.nowMs = 30_000;
  const command: TimedCommand = { kind: "rpc" };
  timer.begin(command);
  clock.nowMs = 30_500;
  timer.end(command);
  assert.equal(timer.seconds().get("rpc")?.sum, 0.5);
});
