import assert from "node:assert/strict";
import { acceptOf } from "./ws_accept.ts";

Deno.test("acceptOf() answers the example of RFC 6455, 1.3", () => {
  assert.equal(acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});
