/** Lists the channels that somebody in the cluster subscribes to. */
import { ClientError, errorTable } from "../core/errors.ts";
import { globTest } from "../core/glob.ts";
import { channelCounts, channelQuery, parseRequest } from "../protocol/direct.ts";
import { splitChannelKey } from "../protocol/channel_name.ts";
import type { Channels } from "./channels.ts";
import type { NodeCalls } from "./node_calls/mod.ts";
import type { Roster } from "./orders/mod.ts";

const METHOD = "channels.list";
/** Most channels that one node names. */
const MAX_CHANNELS = 10_000;

/** What the list needs of its node. */
export interface ChannelListParts {
  readonly calls: NodeCalls;
  readonly channels: Channels;
  readonly roster: Pick<Roster, "liveNodes">;
  readonly timeoutMs: number;
}

/** Names of channels and their subscribers. Safe to call concurrently. */
export class ChannelList {
  readonly #parts: ChannelListParts;

  constructor(parts: ChannelListParts) {
    this.#parts = parts;
    parts.calls.serve(METHOD, ({ payload }) => {
      const { workspace, pattern } = parseRequest(channelQuery, JSON.parse(payload));
      return JSON.stringify(this.#here(workspace, pattern));
    });
  }

  /**
   * Subscribers by channel, for names that match `pattern` (`*`: any text). Rejects with 413 when a node has more than
   * 10,000 such channels, 408 when one did not answer in time, 100 when the backend is away.
   */
  async find(workspace: string, pattern: string): Promise<ReadonlyMap<string, number>> {
    const { calls, roster, timeoutMs } = this.#parts;
    const query = JSON.stringify({ workspace, pattern });
    const { answers, missing } = await calls.survey(await roster.liveNodes(), METHOD, query, timeoutMs);
    // A node that is gone has no subscribers any more.
    const failure = missing.find(({ error }) => error.code !== errorTable.gone.code);
    if (failure !== undefined) throw failure.error;
    const total = new Map<string, number>();
    for (const { payload } of answers) {
      for (const [name, count] of parseRequest(channelCounts, JSON.parse(payload))) {
        total.set(name, (total.get(name) ?? 0) + count);
      }
    }
    return total;
  }

  #here(workspace: string, pattern: string): readonly (readonly [string, number])[] {
    const isWanted = globTest(pattern);
    const found: [string, number][] = [];
    for (const { key, name, subscribers } of this.#parts.channels.all()) {
      if (subscribers.size === 0 || splitChannelKey(key).workspace !== workspace || !isWanted(name)) continue;
      if (found.push([name, subscribers.size]) > MAX_CHANNELS) throw tooMany();
    }
    return found;
  }
}

function tooMany(): ClientError {
  return new ClientError("tooLarge", { detail: `more than ${MAX_CHANNELS} channels: narrow the pattern` });
}
