/** Clients with tokens against a node in memory, for tests of who gets in. */
import assert from "node:assert/strict";
import type { ConfigOptions } from "../config/mod.ts";
import type { Clock } from "../core/clock.ts";
import { mintToken, type TokenClaims } from "../server/mod.ts";
import type { FakeClient } from "./fake_socket.ts";
import { TestNode, type TestNodeOptions } from "./test_node.ts";
import { until } from "./waiting.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** A line from the node. */
export interface Reply {
  readonly id?: number;
  readonly error?: { readonly code: number; readonly message: string };
  readonly push?: Readonly<Record<string, unknown>>;
  // deno-lint-ignore no-explicit-any -- what a test looks into is whatever JSON came
  readonly [field: string]: any;
}

/** A node with a token key. */
export function open(config: ConfigOptions = {}, more: TestNodeOptions = {}): TestNode {
  return new TestNode({ ...more, config: { tokenHmacSecret: SECRET, ...config } });
}

/** A token that the node of {@linkcode open} believes; of `u1`, for an hour. */
export function token(claims: Partial<TokenClaims> & { readonly expiresInS?: number } = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const { expiresInS = 3_600, ...rest } = claims;
  return mintToken({ user: "u1", issuedAtS: nowS, expiresAtS: nowS + expiresInS, ...rest }, SECRET);
}

/** Waits, since signatures are checked off the thread, until `client` was answered or closed. */
export async function ask(
  client: FakeClient,
  id: number,
  request: Readonly<Record<string, unknown>>,
): Promise<Reply> {
  await client.send({ id, ...request });
  return await answerTo(client, id);
}

/** The answer to a command, or `closed` with the code. */
export async function answerTo(client: FakeClient, id: number): Promise<Reply> {
  const answer = (): Reply | undefined => {
    const found = (client.socket.messages as Reply[]).find((message) => message.id === id);
    if (found !== undefined) return found;
    return client.socket.closed === undefined ? undefined : { closed: client.socket.closed.code };
  };
  await until(`the answer to ${id}`, () => answer() !== undefined);
  return answer() ?? {};
}

/** A client that has connected. */
export async function join(test: TestNode, claims: Parameters<typeof token>[0] = {}): Promise<FakeClient> {
  const client = test.client();
  const { connect, error, closed } = await ask(client, 1, { connect: { token: await token(claims) } });
  assert.ok(connect?.client, `not connected: ${JSON.stringify({ error, closed })}`);
  return client;
}

/** Presence is only written by a node that beats. */
export async function begun(test: TestNode): Promise<void> {
  test.node.start("127.0.0.1:1");
  await test.node.ready;
}

/** The code of the error, or of the close, that a command meets; undefined when it is done. */
export const code = async (client: FakeClient, id: number, request: Readonly<Record<string, unknown>>) => {
  const { error, closed } = await ask(client, id, request);
  return error?.code ?? closed;
};

/** A clock that the test moves; wall and monotonic time go together. */
export function movable(): Clock & { passMs: number } {
  return {
    passMs: 0,
    wallMs() {
      return Date.now() + this.passMs;
    },
    monotonicMs() {
      return performance.now() + this.passMs;
    },
  };
}
