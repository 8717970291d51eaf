import assert from "node:assert/strict";
import { latencyBounds } from "../../../core/buckets.ts";
import { perfSizeBounds } from "../../metric_catalog.ts";
import { expose } from "./exposition.ts";
import { parseListenAddress } from "./metrics_endpoint.ts";

Deno.test("expose() adds buckets up to the count, by the bounds of the metric", () => {
  const counts = [1, 2, ...new Array<number>(latencyBounds.length - 2).fill(0), 3];
  const page = expose([{ name: "perf_send_lag_seconds", value: { counts, sum: 31 } }]);
  assert.match(page, /^# HELP perf_send_lag_seconds .+\n# TYPE perf_send_lag_seconds histogram\n/);
  assert.match(page, /_bucket\{le="0.00025"\} 1\nperf_send_lag_seconds_bucket\{le="0.0005"\} 3\n/);
  assert.match(
    page,
    /_bucket\{le="\+Inf"\} 6\nperf_send_lag_seconds_sum 31\nperf_send_lag_seconds_count 6\n$/,
  );
  const sizes = { counts: new Array<number>(perfSizeBounds.length + 1).fill(1), sum: 0 };
  assert.match(expose([{ name: "ws_simulator_message_size_bytes", value: sizes }]), /\{le="64"\} 1\n/);
});

Deno.test("expose() escapes labels and refuses what the catalog does not have", () => {
  const labels = { instance: 'a"b\\c\nd' };
  const page = expose([{ name: "perf_messages_sent_total", labels, value: 1 }]);
  assert.match(page, /perf_messages_sent_total\{instance="a\\"b\\\\c\\nd"\} 1\n/);
  assert.throws(() => expose([{ name: "perf_invented", value: 1 }]), /"perf_invented" is not in the catalog/);
});

Deno.test("parseListenAddress() means loopback unless a host is named", () => {
  assert.deepEqual(parseListenAddress(":9464"), { hostname: "127.0.0.1", port: 9_464 });
  assert.deepEqual(parseListenAddress("9464"), { hostname: "127.0.0.1", port: 9_464 });
  assert.deepEqual(parseListenAddress("0.0.0.0:1"), { hostname: "0.0.0.0", port: 1 });
  assert.deepEqual(parseListenAddress("[::1]:1"), { hostname: "::1", port: 1 });
  for (const wrong of ["", "host", ":", "a:b", ":65536", "::1:80", ":-1"]) {
    assert.throws(() => parseListenAddress(wrong), /Cannot read address/, wrong);
  }
});
