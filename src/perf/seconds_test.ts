import assert from "node:assert/strict";
import { SecondsSeries } from "./seconds.ts";

Deno.test("SecondsSeries rows() keeps the second in which nothing came", () => {
  const series = new SecondsSeries(1_000);
  series.sent(1_000);
  series.received(1_999, 3.2);
  series.received(3_000, 2_000);
  assert.deepEqual(series.rows(), [
    { sent: 1, received: 1, maxUs: 3_200 },
    { sent: 0, received: 0, maxUs: 0 },
    { sent: 0, received: 1, maxUs: 2_000_000 },
  ]);
});
