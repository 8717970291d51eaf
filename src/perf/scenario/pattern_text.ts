/** Patterns and stages as people write them. */
import { parseCount, parseDurationMs, parsePerSec } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import type { Pattern, Stage } from "./scenario.ts";

const PATTERNS =
  "echo, rpc:METHOD, broadcast, broadcast:PUBLISHERS, rooms:SIZE, direct, mixed or mixed:ECHO:DIRECT:ROOMS";
const DEFAULT_ROOM = 20;

/** Reads `echo`, `rpc:sum`, `broadcast:2`, `rooms:20`, `direct`, `mixed:6:3:1`. Throws {@linkcode UsageError}. */
export function parsePattern(text: string): Pattern {
  const [kind = "", ...args] = text.split(":");
  const [first] = args;
  switch (kind) {
    case "echo":
    case "direct":
      if (args.length === 0) return { kind };
      break;
    case "p2p":
      return { kind: "direct" };
    case "rpc":
      if (first !== undefined && first !== "") return { kind, method: args.join(":") };
      break;
    case "broadcast":
      return { kind, publishers: first === undefined ? 1 : parseCount(first) };
    case "room":
    case "rooms":
      return { kind: "rooms", size: first === undefined ? DEFAULT_ROOM : parseCount(first, 2) };
    case "mixed":
      return mixed(args);
  }
  throw new UsageError(`Cannot read pattern "${text}": write ${PATTERNS}`);
}

function mixed(args: readonly string[]): Pattern {
  const [echo = 6, direct = 3, rooms = 1] = args.map((text) => parseCount(text, 0));
  if (echo + direct + rooms === 0) throw new UsageError("Pattern mixed needs a weight above 0");
  return { kind: "mixed", echo, direct, rooms, size: DEFAULT_ROOM };
}

/** Reads `10s:500,20s:2k`: in 10 s to 500/s, in 20 more to 2,000/s. Throws {@linkcode UsageError}. */
export function parseStages(text: string): readonly Stage[] {
  return text.split(",").map((part) => {
    const [duration = "", rate = ""] = part.trim().split(":");
    const stage = { durationMs: parseDurationMs(duration), perSec: parsePerSec(rate) };
    if (stage.durationMs <= 0) throw new UsageError(`Cannot read stage "${part}": it lasts no time`);
    return stage;
  });
}
