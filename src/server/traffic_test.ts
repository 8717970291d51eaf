import assert from "node:assert/strict";
import { Traffic } from "./traffic.ts";

Deno.test("Traffic.countClose() counts codes without a meaning as one, whatever a peer invents", () => {
  const traffic = new Traffic();
  const before = traffic.closes.size;
  for (let code = 0; code < 65_536; code++) traffic.countClose(code);
  assert.ok(traffic.closes.size <= before + 20, String(traffic.closes.size));
  assert.equal([...traffic.closes.values()].reduce((sum, count) => sum + count), 65_536);
});

Deno.test("Traffic.connectionErrors leaves out what ended in good order", () => {
  const traffic = new Traffic();
  for (const code of [1000, 1001, 3001, 3008, 1006, 4999]) traffic.countClose(code);
  const counted = [...traffic.connectionErrors].filter(([, count]) => count > 0);
  assert.deepEqual(counted, [[1006, 1], [3008, 1], ["other", 1]]);
});

Deno.test("Traffic.countError() counts an application's codes apart, up to a bound", () => {
  const traffic = new Traffic();
  for (let code = 400; code < 2_000; code++) traffic.countError(code);
  assert.equal(traffic.errors.get(400), 1);
  assert.ok(traffic.errors.size <= 65, String(traffic.errors.size));
  assert.ok((traffic.errors.get("other") ?? 0) > 1_500);
});
