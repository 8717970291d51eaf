import assert from "node:assert/strict";
import { rawField } from "./raw_field.ts";

Deno.test("rawField() answers the source text as it was written", () => {
  const json =
    '{"id":1,"publish":{"channel":"c","data":{"n":12345678901234567890, "f":1.10,"s":"\\u00e9\\"}"}}}';
  assert.equal(rawField(json, "publish", "data"), '{"n":12345678901234567890, "f":1.10,"s":"\\u00e9\\"}"}');
});

Deno.test("rawField() reads every kind of value", () => {
  for (
    const value of [
      "null",
      "true",
      "-1.5e+10",
      '""',
      '"a\\\\"',
      '"\\\\\\""',
      "[]",
      '[{"a":"]"}]',
      '{"}":"{"}',
    ]
  ) {
    assert.equal(rawField(`{"publish":{"data":${value},"channel":"c"},"id":1}`, "publish", "data"), value);
    assert.equal(rawField(` { "publish" : { "data" : ${value} } } `, "publish", "data"), value);
  }
});

Deno.test("rawField() takes the last of repeated keys, as JSON.parse does", () => {
  assert.equal(rawField('{"publish":{"data":1,"data":2}}', "publish", "data"), "2");
  assert.equal(rawField('{"publish":{"data":1},"publish":{"data":3}}', "publish", "data"), "3");
  assert.equal(rawField('{"publish":{"data":1},"publish":{}}', "publish", "data"), undefined);
});

Deno.test("rawField() knows a key that is written with escapes", () => {
  assert.equal(rawField('{"publish":{"\\u0064ata":7}}', "publish", "data"), "7");
});

Deno.test("rawField() is undefined where there is nothing", () => {
  for (
    const json of ["{}", '{"publish":5}', '{"publish":{}}', '{"publish":[{"data":1}]}', '{"rpc":{"data":1}}']
  ) {
    assert.equal(rawField(json, "publish", "data"), undefined, json);
  }
});

Deno.test("rawField() agrees with JSON.parse on ten thousand random documents", () => {
  let seed = 42;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
  const value = (depth: number): unknown => {
    const kind = random(depth > 3 ? 4 : 6);
    if (kind === 0) return random(1000) / 7;
    if (kind === 1) return ["", '"', "\\", '\\"{', "data", "}\n]", "é🌊"][random(7)];
    if (kind === 2) return [null, true, false][random(3)];
    if (kind === 3) return -random(10) * 1e21;
    if (kind === 4) return Array.from({ length: random(4) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: random(4) }, () => [["data", "a", "\\", "publish"][random(4)], value(depth + 1)]),
    );
  };
  for (let i = 0; i < 10_000; i++) {
    const document = { a: value(0), publish: { channel: value(2), data: value(0) }, id: 1 };
    const raw = rawField(JSON.stringify(document, null, random(3)), "publish", "data");
    assert.deepEqual(JSON.parse(raw ?? "missing"), JSON.parse(JSON.stringify(document.publish.data)));
  }
});
