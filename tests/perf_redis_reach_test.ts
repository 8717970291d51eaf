import assert from "node:assert/strict";
import { redisTrouble } from "../src/perf/targets/redis_reach.ts";

const calm = new AbortController().signal;

Deno.test("redisTrouble() names the address and the next step where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const url = `redis://user:geheim@127.0.0.1:${port}/1`;
  assert.equal(await redisTrouble(url, calm), undefined);
  listener.close();
  const trouble = await redisTrouble(url, calm) ?? "";
  assert.match(trouble, new RegExp(`^Cannot reach Redis at 127\\.0\\.0\\.1:${port}: .* Start redis-server`));
  assert.equal(trouble.includes("geheim"), false);
  assert.equal(await redisTrouble(url, AbortSignal.abort()), undefined);
});

Deno.test("redisTrouble() says how an address is written", async () => {
  for (const url of ["foo", "http://127.0.0.1", "redis://"]) {
    assert.match(await redisTrouble(url, calm) ?? "", /write it like redis:\/\/127\.0\.0\.1:6379/, url);
  }
});
