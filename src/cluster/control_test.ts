import assert from "node:assert/strict";
import { parseControlFile } from "./control_file.ts";
import { parseEnding, parseGreeting, parseRequest } from "./control_protocol.ts";

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
