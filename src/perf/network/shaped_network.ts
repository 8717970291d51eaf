/** A network that is slower than the loopback: each target is reached through a proxy of ours that delays. */
import { UsageError } from "../usage_error.ts";
import type { Delay } from "./delay_line.ts";
import { addressOf, type Target } from "../targets/target.ts";

/** What the thread is told. */
export interface NetworkThreadInit {
  readonly ends: readonly { readonly hostname: string; readonly port: number }[];
  readonly delay: Delay;
  readonly seed: number;
}

/** What it answers: one port per end. */
export interface NetworkThreadReady {
  readonly ports: readonly number[];
}

/** Targets by way of proxies; their names stay. Dispose it to end the proxies. */
export interface ShapedNetwork extends Disposable {
  readonly targets: readonly Target[];
}

const READY_WITHIN_MS = 5_000;

/**
 * Puts `delay` on the way to each of `targets`, and on the way back. Without a delay the targets stay as they are.
 * Rejects with {@linkcode UsageError} for TLS, whose certificate would not fit the proxy's address.
 */
export async function shapeNetwork(
  targets: readonly Target[],
  delay: Delay | undefined,
  seed: number,
): Promise<ShapedNetwork> {
  if (delay === undefined) return { targets, [Symbol.dispose]: () => {} };
  const ends = targets.map(addressOf);
  if (ends.some((end) => end.isSecure)) {
    throw new UsageError(
      "Cannot delay a TLS target: its certificate is not ours; take --latency with ws:// targets",
    );
  }
  const thread = new Worker(new URL("./network_thread.ts", import.meta.url), { type: "module" });
  try {
    const { ports } = await firstAnswer(thread, { ends, delay, seed });
    const through = targets.map((target, at) => throughPort(target, ports[at] ?? 0));
    return { targets: through, [Symbol.dispose]: () => thread.terminate() };
  } catch (error) {
    thread.terminate();
    throw error;
  }
}

function firstAnswer(thread: Worker, init: NetworkThreadInit): Promise<NetworkThreadReady> {
  const { promise, resolve, reject } = Promise.withResolvers<NetworkThreadReady>();
  const timer = setTimeout(() => reject(new Error("The delaying proxy did not start")), READY_WITHIN_MS);
  thread.onmessage = ({ data }: MessageEvent<NetworkThreadReady>) => resolve(data);
  thread.onerror = (event) => reject(new Error(`The delaying proxy failed: ${event.message}`));
  thread.postMessage(init);
  return promise.finally(() => clearTimeout(timer));
}

function throughPort(target: Target, port: number): Target {
  const { protocol, pathname, search } = new URL(target.wsUrl);
  return {
    ...target,
    httpUrl: `http://127.0.0.1:${port}`,
    wsUrl: `${protocol}//127.0.0.1:${port}${pathname}${search}`,
  };
}
