import assert from "node:assert/strict";
import { isShortage } from "./accept_watch.ts";

Deno.test("isShortage() says so of descriptors, and not of local ports that ran out", () => {
  const noDescriptor = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
  assert.equal(isShortage(noDescriptor), true);
  assert.equal(isShortage(new Deno.errors.AddrNotAvailable("Cannot assign requested address")), false);
});
