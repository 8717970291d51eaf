/** Drill on a change of every node while clients stay served through nginx. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../../src/testing/cluster_process.ts";
import { NginxServer } from "../../src/testing/nginx_server.ts";
import { RedisServer } from "../../src/testing/redis_server.ts";
import { assertNothingMissing, DURABLE, fleetFigures, throughFault } from "./bystanders.ts";
import type { Drill } from "./drill.ts";
import type { Fleet } from "./fleet.ts";

/** Default of `drain_rate_per_s`: a node that ends sends its clients away no faster. */
const DRAIN_RATE_PER_S = 500;
/** Clients' own waits spread and bunch what the drain paces. */
const BUNCHING = 1.1;
const NODES = 3;

/** Calls nginx over and over, as HTTP callers do, and counts what is not 200. */
class Caller implements AsyncDisposable {
  calls = 0;
  readonly failures: string[] = [];
  readonly #stop = new AbortController();
  readonly #calling: Promise<void>;

  constructor(url: string) {
    this.#calling = this.#callOn(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#calling;
  }

  async #callOn(url: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.calls++;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
        await response.body?.cancel();
        if (response.status !== 200) this.failures.push(String(response.status));
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }
}

/** `cluster reload` behind nginx, under load. */
export const rollingRestart: Drill = {
  name: "rolling-restart",
  fault: "three nodes behind nginx are replaced one after the other",
  async run(scale, report) {
    await using redis = await RedisServer.open();
    const set = { insecure: true, trusted_proxies: "127.0.0.1" };
    await using cluster = await ClusterProcess.start({ instances: NODES, redisUrl: redis.url, set });
    const servers = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    await using nginx = await NginxServer.open({
      servers,
      connectionsPerAddress: 10_000,
      requestsPerAddress: 10_000,
    });
    await using caller = new Caller(`${nginx.url}/default/services`);
    const people = Array.from({ length: scale.channels + 97 }, (_, n) => `${nginx.ws}?sticky=person${n}`);
    const load = scale.name === "long" ? { ...scale, subscribersPerChannel: 10 } : scale;
    let rollMs = 0;
    using fleet = await throughFault(people, load, DURABLE, async () => {
      const startMs = performance.now();
      const { code, text } = await cluster.command("reload");
      rollMs = Math.round(performance.now() - startMs);
      assert.equal(code, 0, text);
    });
    report({
      ...fleetFigures(fleet),
      roll_ms: rollMs,
      most_reconnects_of_a_client: mostReconnects(fleet),
      peak_reconnects_per_s: peakReconnects(fleet),
      http_calls: caller.calls,
      http_failures: caller.failures.length,
    });
    assertNothingMissing(fleet.account());
    assert.deepEqual(caller.failures, []);
    assert.ok(mostReconnects(fleet) <= NODES, "a client reconnected more than once for each restarted node");
    assert.ok(
      peakReconnects(fleet) <= DRAIN_RATE_PER_S * BUNCHING,
      "more reconnects a second than the drain allows",
    );
    assert.deepEqual(cluster.faults, []);
  },
};

function mostReconnects(fleet: Fleet): number {
  return Math.max(...fleet.listeners.map(({ ids }) => ids.length - 1));
}

/** The most reconnects of subscribers within any second. */
function peakReconnects(fleet: Fleet): number {
  const timesMs = fleet.listeners.flatMap(({ connectedAtMs }) => connectedAtMs.slice(1)).sort((a, b) =>
    a - b
  );
  let [peak, from] = [0, 0];
  for (const [at, timeMs] of timesMs.entries()) {
    while ((timesMs[from] ?? timeMs) < timeMs - 1_000) from++;
    peak = Math.max(peak, at - from + 1);
  }
  return peak;
}
