import assert from "node:assert/strict";
import { historyPublishScript, scripts, scriptsFor } from "./scripts.ts";

Deno.test("scriptsFor() publishes by sharded pub/sub on a Cluster, and there alone", () => {
  const [plain, sharded] = [false, true].map((isSharded) => {
    const all = Object.values(scriptsFor(isSharded)).map(({ lua }) => lua).join("\n");
    return all + historyPublishScript(isSharded);
  });
  const calls = (text = "", verb: string) => text.split(`redis.call('${verb}'`).length - 1;
  assert.ok(calls(plain, "PUBLISH") >= 4);
  assert.equal(calls(plain, "SPUBLISH"), 0);
  assert.equal(calls(sharded, "PUBLISH"), 0);
  assert.equal(calls(sharded, "SPUBLISH"), calls(plain, "PUBLISH"));
  assert.deepEqual(Object.keys(scriptsFor(true)), Object.keys(scripts));
});
