import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { JwksKeys } from "./jwks.ts";

function keyOf(kid: string) {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...publicKey.export({ format: "jwk" }), kid };
}

const [old, young] = [keyOf("old"), keyOf("young")];

/** Keys of an address that answers what it is told to, on a clock of the test. */
function made(first: unknown) {
  const at = { nowMs: 0, asked: 0, answer: first };
  const keys = new JwksKeys("https://id.example/keys", { monotonicMs: () => at.nowMs }, () => {
    at.asked++;
    if (at.answer instanceof Error) return Promise.reject(at.answer);
    return Promise.resolve({
      status: 200,
      text: typeof at.answer === "string" ? at.answer : JSON.stringify(at.answer),
    });
  });
  const count = async (kid?: string, alg = "ES256") =>
    (await keys.keysFor({ alg, ...(kid === undefined ? {} : { kid }) })).length;
  return { at, keys, count };
}

Deno.test("JwksKeys fetch once for many, and again after ten minutes", async () => {
  const { at, count } = made({ keys: [old] });
  assert.deepEqual(await Promise.all([count("old"), count("old"), count("old")]), [1, 1, 1]);
  at.nowMs = 599_000;
  await count("old");
  assert.equal(at.asked, 1);
  at.nowMs = 601_000;
  await count("old");
  assert.equal(at.asked, 2);
});

Deno.test("JwksKeys find a key that is new since the last fetch", async () => {
  const { at, count } = made({ keys: [old] });
  await count("old");
  at.answer = { keys: [old, young] };
  at.nowMs = 20_000;
  assert.equal(await count("young"), 1);
  assert.equal(at.asked, 2);
});

Deno.test("JwksKeys fetch for an unknown key id once in ten seconds, and call it wrong only when the address did", async () => {
  const { at, count } = made({ keys: [old] });
  assert.equal(await count("guess"), 0);
  at.nowMs = 5_000;
  for (let n = 0; n < 20; n++) await assert.rejects(count(`guess${n}`), { code: 100, isTemporary: true });
  assert.equal(at.asked, 1);
  at.nowMs = 11_000;
  assert.equal(await count("guess"), 0);
  assert.equal(at.asked, 2);
});

Deno.test("JwksKeys serve what they have for an hour while the address fails, then answer 100", async () => {
  const { at, count } = made({ keys: [old] });
  await count("old");
  at.answer = new Error("connection refused");
  at.nowMs = 3_500_000;
  assert.equal(await count("old"), 1);
  at.nowMs = 3_700_000;
  await assert.rejects(count("old"), { code: 100, isTemporary: true });
});

Deno.test("JwksKeys answer 100, not a wrong token, when the first answer is no key set", async () => {
  for (const answer of ["<html>", { keys: "no" }, [], { keys: Array(101).fill(old) }, new Error("refused")]) {
    await assert.rejects(made(answer).count("old"), { code: 100 });
  }
});

Deno.test("JwksKeys have neither shared secrets nor keys of another kind", async () => {
  const secret = { kty: "oct", kid: "s", k: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" };
  const { keys, count } = made({ keys: [secret, old] });
  assert.ok(!keys.algorithms.some((each) => each.startsWith("HS") || each === "none"));
  assert.equal(await count("s"), 0);
  assert.equal(await count("old", "RS256").catch(() => 0), 0);
});

Deno.test("JwksKeys answer every key that fits a token without an id", async () => {
  assert.equal(await made({ keys: [old, young] }).count(), 2);
});
