import assert from "node:assert/strict";
import { mergeHistograms } from "../truth/histogram.ts";
import { SecondsSeries } from "./seconds.ts";

Deno.test("SecondsSeries keeps each second of each instance apart", () => {
  const seconds = new SecondsSeries(["a", "b"], 1_000);
  seconds.sent(0, 1_100);
  seconds.received(0, 1_200, 100);
  seconds.received(1, 1_300, 7);
  seconds.sent(0, 3_500);
  seconds.failed(0, 3_600);
  const rows = seconds.rows();
  assert.deepEqual(
    rows.map(({ instance, second, sent, received, errors }) => [instance, second, sent, received, errors]),
    [
      ["a", 0, 1, 1, 0],
      ["b", 0, 0, 1, 0],
      ["a", 2, 1, 0, 1],
    ],
  );
  const [first] = rows;
  assert.equal(Math.round(mergeHistograms([first?.latency ?? ""]).maxValue / 1_000), 100);
});
