import assert from "node:assert/strict";
import { type ApiKeyOptions, ApiKeys } from "./keys.ts";

function key(name: string, changes: Partial<ApiKeyOptions> = {}): ApiKeyOptions {
  return { name, key: name.repeat(32), workspaces: ["default"], methods: ["*"], ...changes };
}

Deno.test("ApiKeys.find() knows each key by its whole text, and nothing else", () => {
  const keys = new ApiKeys([key("a"), key("b")]);
  assert.equal(keys.find("a".repeat(32))?.name, "a");
  assert.equal(keys.find("b".repeat(32))?.name, "b");
  for (const wrong of ["", "a", "a".repeat(31), "a".repeat(33), "A".repeat(32), "b".repeat(31) + "a"]) {
    assert.equal(keys.find(wrong), undefined, wrong);
  }
  assert.deepEqual([keys.isEmpty, new ApiKeys([]).isEmpty], [false, true]);
});

Deno.test("ApiCaller.mayCall() gives admin and metrics by name only", () => {
  const all = new ApiKeys([key("a")]).find("a".repeat(32));
  const some = new ApiKeys([key("b", { methods: ["publish", "metrics"] })]).find("b".repeat(32));
  const rights = ["publish", "info", "metrics", "admin"];
  assert.deepEqual(rights.map((right) => all?.mayCall(right)), [true, true, false, false]);
  assert.deepEqual(rights.map((right) => some?.mayCall(right)), [true, false, true, false]);
});

Deno.test("ApiCaller.mayEnter() and defaultWorkspace follow the list; * is every workspace and means default", () => {
  const callers = [["b", "a"], ["*"]].map((workspaces) => {
    return new ApiKeys([key("k", { workspaces })]).find("k".repeat(32));
  });
  assert.deepEqual(callers.map((caller) => caller?.defaultWorkspace), ["b", "default"]);
  assert.deepEqual(callers.map((caller) => caller?.mayEnter("a")), [true, true]);
  assert.deepEqual(callers.map((caller) => caller?.mayEnter("default")), [false, true]);
});
