import assert from "node:assert/strict";
import { decodeProbe, decodePublication, encodeProbe, encodePublication } from "./envelope.ts";
import { FORMAT } from "./format.ts";

Deno.test("decodePublication() reads back what encodePublication() packed", () => {
  for (const [data, fields] of [["1", ""], ['{"a":"\\n"}', '"info":{"user":"é\\n"}'], ['"x\ny"', ""]]) {
    assert.deepEqual(decodePublication(encodePublication(data ?? "", fields ?? "")), { data, fields });
  }
});

Deno.test("decodePublication() drops what it cannot read", () => {
  for (const message of ["", "p", `${FORMAT}p no newline`, "9p\n1", encodeProbe(1)]) {
    assert.equal(decodePublication(message), undefined, message);
  }
});

Deno.test("decodeProbe() reads the number of a probe and nothing else", () => {
  assert.equal(decodeProbe(encodeProbe(17)), 17);
  assert.equal(decodeProbe(encodePublication("1", "")), undefined);
});
