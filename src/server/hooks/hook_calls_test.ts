import assert from "node:assert/strict";
import { ClientError, CloseError } from "../../core/errors.ts";
import { silentLogger } from "../../core/log.ts";
import { HookCalls } from "./hook_calls.ts";
import type { Hooks } from "./hooks.ts";

const question = { client: "c", user: "u", workspace: "w", method: "m", data: 1 };

function made(hooks: Hooks) {
  let nowMs = 0;
  const log = { ...silentLogger, error: (message: string) => void logged.push(message) };
  const logged: string[] = [];
  const calls = new HookCalls({ hooks, timeoutMs: 1_000, clock: { monotonicMs: () => nowMs }, log });
  return { calls, logged, pass: (ms: number) => (nowMs += ms, calls.tick()) };
}

Deno.test("HookCalls.ask() answers what the hook says, and undefined where there is none", async () => {
  const { calls } = made({ onRpc: ({ data, signal }) => ({ data: [data, signal.aborted] }) });
  assert.deepEqual(await calls.ask("onRpc", question), { data: [1, false] });
  assert.equal(await calls.ask("onRefresh", question), undefined);
  assert.deepEqual([calls.has("onRpc"), calls.has("onConnect")], [true, false]);
});

Deno.test("HookCalls.ask() hands on ClientError and CloseError, and answers 100 for the rest, with a word in the log", async () => {
  const refusal = new ClientError("permissionDenied");
  const close = new CloseError("forceDisconnect");
  for (const thrown of [refusal, close]) {
    await assert.rejects(made({ onRpc: () => Promise.reject(thrown) }).calls.ask("onRpc", question), thrown);
  }
  const broken = made({
    onRpc: () => {
      throw new TypeError("secret");
    },
  });
  await assert.rejects(broken.calls.ask("onRpc", question), { code: 100, message: "internal server error" });
  assert.deepEqual(broken.logged, ["Hook onRpc failed"]);
});

Deno.test("HookCalls.ask() gives up at the deadline and aborts the signal", async () => {
  let heard: AbortSignal | undefined;
  const { calls, pass } = made({ onRpc: ({ signal }) => (heard = signal, new Promise<never>(() => {})) });
  const asked = calls.ask("onRpc", question);
  pass(999);
  assert.equal(heard?.aborted, false);
  pass(51);
  await assert.rejects(asked, { code: 100 });
  assert.equal(heard?.aborted, true);
});

Deno.test("HookCalls.tellDisconnect() neither waits nor throws", async () => {
  const { calls, logged } = made({ onDisconnect: () => Promise.reject(new Error("x")) });
  calls.tellDisconnect({ client: "c", user: "u", workspace: "w", code: 3000, reason: "" });
  await new Promise((go) => setTimeout(go, 0));
  assert.deepEqual(logged, ["Hook onDisconnect failed"]);
});
