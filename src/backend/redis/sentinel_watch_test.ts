import assert from "node:assert/strict";
import { newAddress } from "./sentinel_watch.ts";

Deno.test("newAddress() reads where our master went, and nothing of others", () => {
  assert.equal(newAddress("shoal 10.0.0.1 6379 10.0.0.2 6380", "shoal"), "10.0.0.2:6380");
  assert.equal(newAddress("shoal ::1 6379 ::2 6380", "shoal"), "[::2]:6380");
  assert.equal(newAddress("other 10.0.0.1 6379 10.0.0.2 6380", "shoal"), undefined);
  assert.equal(newAddress("", "shoal"), undefined);
});
