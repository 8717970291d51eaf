import assert from "node:assert/strict";
import { cut, guards } from "./guards.ts";

const root = new URL("../../", import.meta.url);

Deno.test("each guard of the load tester stands where deno task guards takes it out, and its test has its name", async () => {
  for (const guard of guards) {
    const whole = await Deno.readTextFile(new URL(guard.file, root));
    assert.notEqual(cut(whole, guard), whole);
    const tests = await Deno.readTextFile(new URL(guard.test, root));
    assert.ok(tests.includes(guard.filter), `${guard.test} has no test "${guard.filter}"`);
  }
});

Deno.test("docs/load-tester.md lists each guard with its test", async () => {
  const text = await Deno.readTextFile(new URL("docs/load-tester.md", root));
  const rows = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const { number, lie, test } of guards) {
    const row = rows.find(([, first, second]) => first === String(number) && second === lie);
    assert.deepEqual(row?.slice(1, 4), [String(number), lie, `\`${test}\``]);
  }
});
