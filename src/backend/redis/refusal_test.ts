import assert from "node:assert/strict";
import { refusalOf } from "./refusal.ts";

Deno.test("refusalOf() reads where a slot went", () => {
  const moved = { kind: "moved", slot: 3999, address: "127.0.0.1:6381" };
  assert.deepEqual(refusalOf("MOVED 3999 127.0.0.1:6381"), moved);
  assert.deepEqual(refusalOf("MOVED 3999 :6381"), { ...moved, address: ":6381" });
});

Deno.test("refusalOf() tells a command that was not run from one that failed for itself", () => {
  for (
    const text of ["ASK 3999 127.0.0.1:6381", "TRYAGAIN Multiple keys", "CLUSTERDOWN Hash slot not served"]
  ) {
    assert.equal(refusalOf(text)?.kind, "unsettled", text);
  }
  for (
    const text of ["ERR wrong number", "NOSCRIPT No matching script.", "NOPERM this user", "WRONGTYPE x", ""]
  ) {
    assert.equal(refusalOf(text), undefined, text);
  }
});

Deno.test("refusalOf() finds the reason in a script's error, wrapped or not", () => {
  assert.equal(refusalOf("READONLY You can't write against a read only replica. script: 1")?.kind, "demoted");
  assert.equal(refusalOf("OOM command not allowed when used memory > 'maxmemory'.")?.kind, "readsOnly");
  const old = "ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed";
  assert.equal(refusalOf(old)?.kind, "readsOnly");
});
