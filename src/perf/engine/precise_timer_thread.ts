/** The thread of {@linkcode PreciseTimer}: sleeps as long as it is asked to, and says so. */
/// <reference lib="deno.worker" />
import { cells, type TimerThreadInit } from "./precise_timer.ts";

self.onmessage = (event: MessageEvent<TimerThreadInit>) => {
  const shared = new Int32Array(event.data.cells);
  const waitMs = new Float64Array(event.data.waitMs);
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let seen = 0; Atomics.load(shared, cells.isOver) === 0;) {
    // One cell changes with every request; when it has changed already, this does not wait.
    Atomics.wait(shared, cells.request, seen);
    seen = Atomics.load(shared, cells.request);
    const ms = waitMs[0] ?? 0;
    if (ms > 0) Atomics.wait(never, 0, 0, ms);
    Atomics.add(shared, cells.done, 1);
    Atomics.notify(shared, cells.done);
  }
};
