import assert from "node:assert/strict";
import { acceptUntilEnded } from "./accept_loop.ts";

/** A listener that answers as told, one connection or failure at a call, and then fails. */
function scripted(answers: (() => { close(): void })[]) {
  return { accept: () => Promise.resolve().then(answers.shift() ?? (() => fail("the end"))) };
}

function fail(message: string): never {
  throw new Error(message);
}

Deno.test("acceptUntilEnded() goes on after a failure, and closes whom it takes in the moment of the end", async () => {
  const ending = new AbortController();
  const steps: string[] = [];
  const connection = (name: string) => ({ close: () => void steps.push(`${name} closed`) });
  const last = () => {
    ending.abort();
    return connection("last");
  };
  await acceptUntilEnded(scripted([() => fail("no descriptors"), () => connection("first"), last]), {
    accept: () => void steps.push("accepted"),
    onFailure: (cause) => void steps.push(String(cause)),
    againMs: 1,
    ended: ending.signal,
  });
  assert.deepEqual(steps, ["Error: no descriptors", "accepted", "last closed"]);
});

Deno.test("acceptUntilEnded() does not wait for the next try when it is ended", async () => {
  const ending = new AbortController();
  const startMs = performance.now();
  await acceptUntilEnded(scripted([]), {
    accept: () => {},
    onFailure: () => void setTimeout(() => ending.abort(), 1),
    againMs: 60_000,
    ended: ending.signal,
  });
  assert.ok(performance.now() - startMs < 10_000);
});
