import assert from "node:assert/strict";
import { type NodeView, renderTable, shortNumber } from "./table.ts";

const views: readonly NodeView[] = [
  {
    port: 8080,
    pid: 1_234_567,
    state: "ready",
    restarts: 0,
    numbers: {
      node: "abcdefghijklm",
      connections: 12_345,
      messagesInPerSec: 61_234.4,
      messagesOutPerSec: 1_234_567,
      lagMs: 1_234,
      rssBytes: 4_000 * 1_048_576,
    },
  },
  { port: 8081, state: "backoff", restarts: 3, numbers: {} },
];

Deno.test("renderTable() shows all columns in 80 characters at wide values", () => {
  assert.deepEqual(renderTable(views, { columns: 80, rows: 24 }), [
    "NODE               PID  PORT  STATE    CONNS   IN/S  OUT/S     LAG  MEMORY",
    "abcdefghijklm  1234567  8080  ready    12345  61234   1.2M  1234ms  4000MB",
    "-                    -  8081  backoff      -      -      -       -       -",
  ]);
});

Deno.test("renderTable() drops the columns that matter least in 50 characters", () => {
  assert.deepEqual(renderTable(views, { columns: 50, rows: 24 }), [
    "    PID  PORT  STATE    CONNS   IN/S  OUT/S",
    "1234567  8080  ready    12345  61234   1.2M",
    "      -  8081  backoff      -      -      -",
  ]);
});

Deno.test("renderTable() names the nodes that find no row", () => {
  const many = Array.from(
    { length: 9 },
    (_, i): NodeView => ({ port: 8080 + i, state: "ready", restarts: 0, numbers: {} }),
  );
  const lines = renderTable(many, { columns: 80, rows: 5 });
  assert.equal(lines.length, 5);
  assert.equal(lines[4], "... and 6 more nodes");
});

Deno.test("renderTable() colours only the state and keeps its width", () => {
  const [, plain] = renderTable(views, { columns: 50, rows: 24 });
  const [, painted] = renderTable(views, { columns: 50, rows: 24 }, (_, text) => `<${text}>`);
  assert.equal(painted, plain?.replace("ready  ", "<ready  >"));
});

Deno.test("shortNumber() stays within five characters", () => {
  const numbers = [undefined, 0, 0.4, 99_999.4, 99_999.5, 999_499, 999_500, 99_949_999, 99_950_000];
  assert.deepEqual(
    numbers.map(shortNumber),
    ["-", "0", "0", "99999", "100k", "999k", "1.0M", "99.9M", "100M"],
  );
});
