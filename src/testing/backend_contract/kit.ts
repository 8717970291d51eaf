import assert from "node:assert/strict";
import type { Backend, ClientRecord, Suspect } from "../../backend/backend.ts";
import { ClientError } from "../../core/errors.ts";
import { newNodeId, type NodeId } from "../../core/ids.ts";
import { recordOf } from "../node_records.ts";
import type { RecordingListener } from "../recording_listener.ts";
import { pause } from "../waiting.ts";

/** One backend and what it told its node. */
export interface TestNode {
  readonly backend: Backend;
  readonly listener: RecordingListener;
}

/** Nodes that share one backend of their own, apart from every other test's. */
export interface TestCluster extends AsyncDisposable {
  /** True where the backend knows a closed connection for a dead node and forgets it at once (the hub). */
  readonly forgetsClosedNodes?: boolean;
  /** Opens one node and waits until its backend is `ready`. Without `id` a new one is made. */
  node(id?: NodeId): Promise<TestNode>;
}

/** One sentence of the contract and the test of it. */
export interface ContractTest {
  readonly says: string;
  run(cluster: TestCluster): Promise<void>;
}

/** A node of a test with its id at hand. */
export interface NamedNode extends TestNode {
  readonly id: NodeId;
}

/** Opens `count` nodes, one after the other. */
export async function openNodes(cluster: TestCluster, count: number): Promise<NamedNode[]> {
  const nodes: NamedNode[] = [];
  for (let i = 0; i < count; i++) {
    const id = newNodeId();
    nodes.push({ id, ...await cluster.node(id) });
  }
  return nodes;
}

/** `count` client records of `node`. */
export function clientsFor(node: NodeId, count: number, prefix = "c"): ClientRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    client: `${node}.${prefix}${i}.abcdef`,
    workspace: "default",
    user: `user ${i} é`,
    name: "js",
    connectedMs: 1_700_000_000_000 + i,
  }));
}

/** One beat of `node` that asks for suspects silent for more than `suspectAfterMs`. */
export function beat(node: NamedNode, suspectAfterMs = 60_000) {
  return node.backend.registry.beat(recordOf(node.id), suspectAfterMs);
}

/** Publishes and waits for `done`. */
export function published(node: TestNode, channel: string, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    node.backend.bus.publish(channel, message, (error) => error ? reject(error) : resolve());
  });
}

/** So many commands at once stay well within the deadline of each, on a busy machine too. */
const AT_ONCE = 250;

/** Does `send` with each item, some at a time, and answers all results in order. */
export async function inBatches<T, R>(
  items: readonly T[],
  send: (item: T, at: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const batch = items.slice(from, from + AT_ONCE);
    results.push(...await Promise.all(batch.map((item, at) => send(item, from + at))));
  }
  return results;
}

/** Asks `probe` again until it answers something; for what only time brings about, such as an expiry. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  withinMs = 8_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    const found = await probe();
    if (found !== undefined) return found;
    await pause(5);
  }
  throw new Error(`Waited ${withinMs} ms for ${what}`);
}

/** Beats `judge` until it suspects `node`, and answers the suspicion. */
export function suspicionOf(node: NodeId, judge: NamedNode, suspectAfterMs = 1): Promise<Suspect> {
  return eventually(`a suspicion of ${node}`, async () => {
    const answer = await beat(judge, suspectAfterMs);
    return answer.suspects.find((each) => each.node === node);
  });
}

/** Declares `node` dead by `judge`. Fails when the registry refuses. */
export async function buried(node: NodeId, judge: NamedNode, claimMs = 60_000): Promise<void> {
  const { beatMs } = await suspicionOf(node, judge);
  assert.equal(await judge.backend.registry.bury(node, beatMs, claimMs), true);
}

/** Cleans in batches until nothing is left. Fails past `atMost` batches. */
export async function cleaned(node: NodeId, by: NamedNode, atMost = 1_000): Promise<void> {
  for (let batch = 0; batch < atMost; batch++) {
    if (await by.backend.registry.clean(node)) return;
  }
  throw new Error(`Cannot clean ${node}: not done after ${atMost} batches`);
}

/** Checks that `thrown` is the temporary error 100. */
export function isTemporary(thrown: unknown): true {
  assert.ok(thrown instanceof ClientError, `want a ClientError, have ${thrown}`);
  assert.equal(thrown.code, 100);
  return true;
}

/** Numbers from 0 to `count` - 1 as texts. */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}
