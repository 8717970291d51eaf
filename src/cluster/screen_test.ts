import assert from "node:assert/strict";
import { composeFrame, Screen, type ScreenTarget } from "./screen.ts";

/** Keeps what is written; holds each write back until it is released. */
class HeldTarget implements ScreenTarget {
  readonly hasColour = false;
  readonly written: string[] = [];
  release: () => void = () => {};

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(new TextDecoder().decode(bytes));
    return new Promise((resolve) => this.release = () => resolve(bytes.length));
  }

  size(): undefined {}
}

Deno.test("composeFrame() goes up over the old table and writes lines above the new one", () => {
  assert.equal(composeFrame(["log"], ["head", "row"], 3), "\r\x1b[3A\x1b[Jlog\nhead\nrow\n");
  assert.equal(composeFrame(["log"], [], 0), "log\n");
});

Deno.test("Screen.log() counts what finds no room while the output stands still", async () => {
  const target = new HeldTarget();
  const screen = new Screen(target);
  screen.print("first");
  const closing = screen.close();
  for (let i = 0; i < 200; i++) screen.log(8080, "x".repeat(2_000));
  target.release();
  await Promise.resolve();
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  target.release();
  await closing;
  assert.equal(target.written[0], "first\n");
  assert.match(target.written[1] ?? "", /shoal \| \d+ lines left out: the output is too slow\n$/);
  assert.ok((target.written[1] ?? "").length <= 262_144 + 100);
});
