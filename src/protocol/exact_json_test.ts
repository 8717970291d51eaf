import assert from "node:assert/strict";
import { parseExact } from "./exact_json.ts";

Deno.test("parseExact() keeps integers of any length, and reads all else as JSON.parse() does", () => {
  const texts = [
    '{"id":12345678901234567890,"n":[-98765432109876543210]}',
    "1",
    '"1234567890123456789"',
    "[1.5,1e3]",
  ];
  assert.equal(JSON.stringify(parseExact(texts[0] ?? "")), texts[0]);
  for (const text of texts.slice(1)) assert.deepEqual(parseExact(text), JSON.parse(text));
  assert.deepEqual(parseExact('{"a":1234567890123456,"b":"x"}'), { a: 1234567890123456, b: "x" });
  assert.throws(() => parseExact("{1234567890123456789"), SyntaxError);
});
