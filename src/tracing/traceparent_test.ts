import assert from "node:assert/strict";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const [TRACE, SPAN] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];

Deno.test("parseTraceparent() reads what formatTraceparent() writes", () => {
  for (const traceFlags of [0, 1, 0x81]) {
    const context = { traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true };
    assert.deepEqual(parseTraceparent(formatTraceparent(context)), context);
  }
});

Deno.test("parseTraceparent() passes over what a later version appends", () => {
  assert.equal(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId, TRACE);
});

Deno.test("parseTraceparent() takes nothing that is malformed", () => {
  const wrong = [
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    ` 00-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${"x".repeat(300)}`,
  ];
  for (const text of [undefined, null, ...wrong]) {
    assert.equal(parseTraceparent(text), undefined, String(text));
  }
});
