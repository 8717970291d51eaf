import assert from "node:assert/strict";
import { type Frame, Line } from "./frame.ts";
import { EARLY_FLUSH_BYTES, Outbox, type OutboxTarget } from "./outbox.ts";

class Target implements OutboxTarget {
  pending: Frame | undefined = undefined;
  readonly frames: Frame[] = [];
  deliver(frame: Frame): void {
    this.frames.push(frame);
  }
  get texts(): string[] {
    return this.frames.map((frame) => frame.text);
  }
}

Deno.test("Outbox delivers all lines of a tick as one frame", () => {
  const flushes: (() => void)[] = [];
  const outbox = new Outbox((flush) => flushes.push(flush));
  const target = new Target();
  for (const text of ["a", "b", "c"]) outbox.push(target, new Line(text));
  assert.deepEqual([flushes.length, target.texts], [1, []]);
  flushes[0]?.();
  assert.deepEqual(target.texts, ["a\nb\nc"]);
});

Deno.test("Outbox shares one frame between targets that are owed the same", () => {
  const outbox = new Outbox(() => {});
  const targets = [new Target(), new Target(), new Target()];
  for (const line of [new Line("a"), new Line("b")]) for (const target of targets) outbox.push(target, line);
  outbox.flush();
  assert.equal(new Set(targets.map((target) => target.frames[0])).size, 1);
});

Deno.test("Outbox keeps each target's own order when their lines differ", () => {
  const outbox = new Outbox(() => {});
  const [left, right] = [new Target(), new Target()];
  const shared = new Line("s");
  outbox.push(left, new Line("l"));
  for (const target of [left, right]) outbox.push(target, shared);
  outbox.push(right, new Line("r"));
  outbox.flush();
  assert.deepEqual([left.texts, right.texts], [["l\ns"], ["s\nr"]]);
});

Deno.test("Outbox delivers a frame early once it has grown past its bound", () => {
  const outbox = new Outbox(() => {});
  const target = new Target();
  outbox.push(target, new Line("x".repeat(EARLY_FLUSH_BYTES)));
  assert.equal(target.frames.length, 1);
  outbox.push(target, new Line("tail"));
  outbox.flush();
  assert.deepEqual(target.texts.slice(1), ["tail"]);
});

Deno.test("Outbox.flushTarget() delivers one target now and nothing twice", () => {
  const outbox = new Outbox(() => {});
  const [one, other] = [new Target(), new Target()];
  for (const target of [one, other]) outbox.push(target, new Line("x"));
  outbox.flushTarget(one);
  assert.deepEqual([one.texts, other.texts], [["x"], []]);
  outbox.flush();
  assert.deepEqual([one.texts, other.texts], [["x"], ["x"]]);
});

Deno.test("Outbox flushes by itself at the end of the tick", async () => {
  const outbox = new Outbox();
  const target = new Target();
  outbox.push(target, new Line("a"));
  queueMicrotask(() => outbox.push(target, new Line("b")));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(target.texts, ["a\nb"]);
});
