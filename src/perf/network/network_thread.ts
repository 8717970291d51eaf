/** The thread of {@linkcode ShapedNetwork}: proxies that delay, away from the thread that measures. */
/// <reference lib="deno.worker" />
import { systemClock } from "../../core/clock.ts";
import { seededRandom } from "../engine/seed.ts";
import { LinkProxy } from "./link_proxy.ts";
import type { NetworkThreadInit, NetworkThreadReady } from "./shaped_network.ts";

self.onmessage = ({ data }: MessageEvent<NetworkThreadInit>) => {
  const random = seededRandom(data.seed);
  const nowMs = () => systemClock.monotonicMs();
  const proxies = data.ends.map((end) => new LinkProxy({ ...end, delay: data.delay, nowMs, random }));
  const ready: NetworkThreadReady = { ports: proxies.map((proxy) => proxy.port) };
  self.postMessage(ready);
};
