import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { parsePublicKeys } from "./public_keys.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-384" });
const ed = generateKeyPairSync("ed25519");
const spki = { type: "spki", format: "pem" } as const;

Deno.test("parsePublicKeys() reads several keys, each with the algorithms of its kind and no others", () => {
  const text = [ed, ec, rsa].map(({ publicKey }) => publicKey.export(spki)).join("\n");
  assert.deepEqual(parsePublicKeys(text).map(({ algorithms }) => algorithms), [
    ["EdDSA", "Ed25519"],
    ["ES384"],
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ]);
});

Deno.test("parsePublicKeys() reads an RSA key in its older form", () => {
  const text = String(rsa.publicKey.export({ type: "pkcs1", format: "pem" }));
  assert.match(text, /RSA PUBLIC KEY/);
  assert.match(parsePublicKeys(text)[0]?.pem ?? "", /BEGIN PUBLIC KEY/);
});

Deno.test("parsePublicKeys() refuses private keys, small ones, odd kinds and other texts, and quotes none", () => {
  const secret = String(ed.privateKey.export({ type: "pkcs8", format: "pem" }));
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export(spki);
  const odd = generateKeyPairSync("x25519").publicKey.export(spki);
  const good = ed.publicKey.export(spki);
  const broken = "-----BEGIN PUBLIC KEY-----\nabcd\n-----END PUBLIC KEY-----";
  for (
    const text of [
      secret,
      String(small),
      String(odd),
      `${good}secret`,
      "secret",
      "",
      broken,
      String(good).repeat(9),
    ]
  ) {
    assert.throws(() => parsePublicKeys(text), (error) => {
      assert.ok(error instanceof TypeError && !error.message.includes("abcd"));
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});
