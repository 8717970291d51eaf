import assert from "node:assert/strict";
import { defaultPolicy as policy, type NodeState } from "./lifecycle.ts";
import { backendWords, banner, changeLine } from "./words.ts";

const starting: NodeState = { state: "starting", sinceMs: 0, crashesMs: [] };
const crash = { code: 1, signal: null, lastLines: ["error: Uncaught TypeError", "    at main.ts:1"] };
const facts = { port: 8081, pid: 42, policy };

Deno.test("changeLine() says how a node crashed and when it starts again", () => {
  const backoff: NodeState = { state: "backoff", waitMs: 250, crashesMs: [1] };
  assert.equal(
    changeLine(starting, backoff, { ...facts, exit: crash }),
    "node 8081 (pid 42) ended with exit code 1 before it was ready: starts again in 0.3 s",
  );
  const killed = { code: 137, signal: "SIGKILL", lastLines: [] };
  assert.equal(
    changeLine({ state: "ready", sinceMs: 0, crashesMs: [] }, backoff, { ...facts, exit: killed }),
    "node 8081 (pid 42) was ended by SIGKILL: starts again in 0.3 s",
  );
});

Deno.test("changeLine() shows the end of stderr when a node is given up", () => {
  const looping: NodeState = { state: "stopped", cause: "looping" };
  assert.equal(
    changeLine(starting, looping, { ...facts, exit: crash }),
    "node 8081 (pid 42) ended with exit code 1 before it was ready: 5 crashes within 60 s, given up; " +
      "the last it wrote:\n  error: Uncaught TypeError\n      at main.ts:1",
  );
});

Deno.test("banner() shows where everything is within 80 columns", () => {
  const options = { instances: 2, port: 8080, sharedPort: 8000, host: "0.0.0.0", memoryLimitMb: 0 };
  const text = banner({ ...options, nodeArgs: [], isOpenMode: true, logFormat: "auto" }, [8080, 8081]);
  const places = ["http://127.0.0.1:8081", "ws://127.0.0.1:8000/connection/websocket", "OPEN MODE"];
  for (const place of places) assert.ok(text.includes(place), place);
  assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("backendWords() hides the password of Redis", () => {
  assert.equal(backendWords({ redisServers: ["redis://me:geheim@redis:6379"] }).includes("geheim"), false);
});
