import assert from "node:assert/strict";
import { windowSizeOf } from "./window_size.ts";

Deno.test("windowSizeOf() takes the usual size for a terminal that says 0", () => {
  assert.deepEqual(windowSizeOf({ columns: 0, rows: 0 }), { columns: 80, rows: 24 });
  assert.deepEqual(windowSizeOf({ columns: 62, rows: 0 }), { columns: 62, rows: 24 });
  assert.deepEqual(windowSizeOf({ columns: 132, rows: 50 }), { columns: 132, rows: 50 });
});
