/** Fan-out: one publication to a thousand subscribers of one node, without the socket. `deno task bench`. */
import { type Frame, Line } from "../src/core/frame.ts";
import { Outbox, type OutboxTarget } from "../src/core/outbox.ts";

const SUBSCRIBERS = 1_000;

class Target implements OutboxTarget {
  pending: Frame | undefined = undefined;
  bytes = 0;
  deliver(frame: Frame): void {
    this.bytes += frame.text.length;
  }
}

/** What the outbox replaced: every connection joins its own lines. */
class NaiveTarget {
  lines: string[] = [];
  bytes = 0;
  flush(): void {
    this.bytes += this.lines.join("\n").length;
    this.lines = [];
  }
}

const targets = Array.from({ length: SUBSCRIBERS }, () => new Target());
const naive = Array.from({ length: SUBSCRIBERS }, () => new NaiveTarget());
const text = "x".repeat(150);

for (const count of [1, 10, 50]) {
  const group = `${count} publications in a tick to ${SUBSCRIBERS} subscribers`;
  Deno.bench(`own join per connection, ${count}`, { group, baseline: true }, () => {
    for (let i = 0; i < count; i++) for (const target of naive) target.lines.push(text);
    for (const target of naive) target.flush();
  });
  Deno.bench(`Outbox with shared frames, ${count}`, { group }, () => {
    const outbox = new Outbox(() => {});
    for (let i = 0; i < count; i++) {
      const line = new Line(text);
      for (const target of targets) outbox.push(target, line);
    }
    outbox.flush();
  });
  if (count === 1) continue;
  Deno.bench(`Outbox with one joined line, ${count}`, { group }, () => {
    const outbox = new Outbox(() => {});
    const joined = Line.join(Array.from({ length: count }, () => new Line(text)));
    for (const target of targets) outbox.push(target, joined);
    outbox.flush();
  });
}
