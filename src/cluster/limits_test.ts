import assert from "node:assert/strict";
import { parseDescriptorLimit } from "./limits.ts";

const LIMITS = [
  "Limit                     Soft Limit           Hard Limit           Units     ",
  "Max stack size            8388608              unlimited            bytes     ",
  "Max open files            20000                1048576              files     ",
].join("\n");

Deno.test("parseDescriptorLimit() reads the soft limit", () => {
  assert.equal(parseDescriptorLimit(LIMITS), 20_000);
});

Deno.test("parseDescriptorLimit() knows none when it is unlimited or missing", () => {
  assert.equal(parseDescriptorLimit(LIMITS.replace("20000", "unlimited")), undefined);
  assert.equal(parseDescriptorLimit("cat: /proc/self/limits: No such file"), undefined);
});
