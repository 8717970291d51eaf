import assert from "node:assert/strict";
import { parseControlFile } from "./control_file.ts";
import { parseChange, parseEnding, parseGreeting, parseRequest, parseStatus } from "./control_protocol.ts";

Deno.test("parseControlFile() takes a whole file and nothing else", () => {
  const address = { port: 8080, pid: 7, controlPort: 4_000, secret: "s" };
  assert.deepEqual(parseControlFile(JSON.stringify(address)), address);
  for (const text of ["", "[]", "null", "{", JSON.stringify({ ...address, pid: "7" })]) {
    assert.equal(parseControlFile(text), undefined);
  }
});

Deno.test("parseGreeting() takes a supervisor for none when a stranger speaks", () => {
  assert.deepEqual(parseGreeting('{"shoal":"cluster","pid":7}'), { shoal: "cluster", pid: 7 });
  for (const line of ["SSH-2.0-x", "+OK", '{"shoal":"node","pid":7}']) {
    assert.equal(parseGreeting(line), undefined);
  }
});

Deno.test("parseRequest() wants a command and a secret", () => {
  assert.deepEqual(parseRequest('{"command":"stop","secret":"s"}'), { command: "stop", secret: "s" });
  for (const line of ["stop", '{"command":"stop"}', '{"command":1,"secret":"s"}']) {
    assert.equal(parseRequest(line), undefined);
  }
});

Deno.test("parseEnding() reads every word of the end", () => {
  assert.deepEqual(parseEnding('{"event":"ending","left":1,"total":3}'), {
    event: "ending",
    left: 1,
    total: 3,
  });
  assert.deepEqual(parseEnding('{"event":"ended","code":0}'), { event: "ended", code: 0 });
  assert.deepEqual(parseEnding('{"event":"refused","reason":"no"}'), { event: "refused", reason: "no" });
  assert.equal(parseEnding('{"event":"ended"}'), undefined);
});

Deno.test("parseRequest() reads a count where there is one", () => {
  const request = { command: "scale", secret: "s", count: 5 };
  assert.deepEqual(parseRequest(JSON.stringify(request)), request);
  assert.deepEqual(parseRequest('{"command":"scale","secret":"s","count":"5"}'), {
    command: "scale",
    secret: "s",
  });
});

Deno.test("parseChange() reads every word of a change", () => {
  assert.deepEqual(parseChange('{"event":"progress","text":"on"}'), { event: "progress", text: "on" });
  assert.deepEqual(parseChange('{"event":"done","isComplete":false}'), { event: "done", isComplete: false });
  assert.deepEqual(parseChange('{"event":"refused","reason":"no"}'), { event: "refused", reason: "no" });
  assert.equal(parseChange('{"event":"done"}'), undefined);
});

Deno.test("parseStatus() leaves out what it does not understand", () => {
  const view = { port: 8080, pid: 7, state: "ready", restarts: 1, numbers: { node: "n1", connections: 3 } };
  const nodes = [view, { ...view, state: "dancing" }, { ...view, numbers: { lagMs: "slow" }, pid: null }];
  assert.deepEqual(parseStatus(JSON.stringify({ event: "status", pid: 1, nodes })), [
    view,
    { port: 8080, state: "ready", restarts: 1, numbers: {} },
  ]);
  assert.equal(parseStatus('{"event":"ended","code":0}'), undefined);
});
