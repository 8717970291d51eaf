import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { ClientError, CloseError } from "../../core/errors.ts";
import type { KeySource } from "./keys.ts";
import { PemKeys, SecretKey } from "./keys.ts";
import { mintToken, signingKey } from "./mint.ts";
import { type TokenOptions, TokenVerifier } from "./verify.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW_S = 1_500;
const claims = { user: "u1", issuedAtS: 1_000, expiresAtS: 2_000 };
const pkcs8 = { type: "pkcs8", format: "pem" } as const;
const spki = { type: "spki", format: "pem" } as const;

const pairs = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed25519: generateKeyPairSync("ed25519"),
};
const publicPem = (name: keyof typeof pairs) => String(pairs[name].publicKey.export(spki));
const privatePem = (name: keyof typeof pairs) => String(pairs[name].privateKey.export(pkcs8));

function verifier(keys: readonly KeySource[] = [new SecretKey(SECRET)], more: Partial<TokenOptions> = {}) {
  const clock = { wallMs: () => NOW_S * 1000 };
  return new TokenVerifier({ keys, audience: "", issuer: "", leewayS: 0, clock, ...more });
}

/** A token of whatever is said, signed as `signer` likes. */
function raw(header: object, payload: object, signer: (input: string) => string): string {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(
    ".",
  );
  return `${input}.${signer(input)}`;
}

const hs256 = (secret: string) => (input: string) =>
  createHmac("sha256", secret).update(input).digest("base64url");
const payload = { sub: "u1", exp: 2_000 };

async function isRefused(token: string, by: TokenVerifier): Promise<void> {
  await assert.rejects(by.verifyConnection(token, undefined), (error) => {
    assert.ok(error instanceof CloseError, String(error));
    assert.equal(error.close.code, 3500);
    return true;
  });
  await assert.rejects(by.verifySubscription(token), (error) => {
    assert.ok(error instanceof ClientError, String(error));
    assert.equal(error.code, 103);
    return true;
  });
}

Deno.test("TokenVerifier takes a token of every kind of key", async () => {
  const pems = Object.keys(pairs).map((name) => publicPem(name as keyof typeof pairs)).join("");
  const by = verifier([new SecretKey(SECRET), new PemKeys(pems)]);
  const keys = [SECRET, ...Object.keys(pairs).map((name) => privatePem(name as keyof typeof pairs))];
  for (const text of keys) {
    const key = await signingKey(text);
    const identity = await by.verifyConnection(await mintToken(claims, key), undefined);
    assert.equal(identity.user, "u1", key.algorithm);
  }
});

Deno.test("TokenVerifier refuses a forged token: another key's, a changed payload, no signature", async () => {
  const good = await mintToken(claims, SECRET);
  const [head = "", , signature = ""] = good.split(".");
  const other = Buffer.from(JSON.stringify({ sub: "root", exp: 2_000 })).toString("base64url");
  const stranger = generateKeyPairSync("ed25519").privateKey.export(pkcs8);
  const by = verifier([new SecretKey(SECRET), new PemKeys(publicPem("ed25519"))]);
  const forged = [
    await mintToken(claims, SECRET.toUpperCase()),
    await mintToken(claims, String(stranger)),
    `${head}.${other}.${signature}`,
    `${good.slice(0, good.lastIndexOf("."))}.`,
    good.slice(0, good.lastIndexOf(".")),
    `${good}.${signature}`,
    "",
    "a.b.c",
    "x".repeat(100_000),
  ];
  for (const token of forged) await isRefused(token, by);
});

Deno.test("TokenVerifier refuses alg none, in every spelling", async () => {
  for (const alg of ["none", "None", "NONE", "nOnE", "", undefined, null, 0]) {
    await isRefused(raw({ alg, typ: "JWT" }, payload, () => ""), verifier());
    await isRefused(raw({ alg, typ: "JWT" }, payload, hs256(SECRET)), verifier());
  }
});

Deno.test("TokenVerifier confuses no keys: a public key is no shared secret, and each kind checks its own signatures", async () => {
  const pem = publicPem("rsa");
  const onlyRsa = verifier([new PemKeys(pem)]);
  await isRefused(raw({ alg: "HS256" }, payload, hs256(pem)), onlyRsa);
  await isRefused(raw({ alg: "HS256" }, payload, hs256(pem.trim())), onlyRsa);
  await isRefused(await mintToken(claims, await signingKey(privatePem("p256"))), onlyRsa);
  const both = verifier([new SecretKey(SECRET), new PemKeys(pem)]);
  await isRefused(raw({ alg: "HS256" }, payload, hs256(pem)), both);
  await isRefused(raw({ alg: "RS256" }, payload, hs256(SECRET)), both);
  const onlyP256 = verifier([new PemKeys(publicPem("p256"))]);
  const ecOf384 = (input: string) =>
    sign("sha384", Buffer.from(input), { key: pairs.p384.privateKey, dsaEncoding: "ieee-p1363" }).toString(
      "base64url",
    );
  await isRefused(raw({ alg: "ES384" }, payload, ecOf384), onlyP256);
  await isRefused(raw({ alg: "ES256" }, payload, ecOf384), onlyP256);
});

Deno.test("TokenVerifier believes no key that a token brings along", async () => {
  const jwk = pairs.ed25519.publicKey.export({ format: "jwk" });
  const signed = (input: string) =>
    sign(null, Buffer.from(input), pairs.ed25519.privateKey).toString("base64url");
  const by = verifier([new PemKeys(publicPem("rsa")), new SecretKey(SECRET)]);
  await isRefused(raw({ alg: "EdDSA", jwk }, payload, signed), by);
  await isRefused(raw({ alg: "EdDSA", jku: "https://evil.example/keys", kid: "x" }, payload, signed), by);
  await isRefused(raw({ alg: "HS256", crit: ["exp"], exp: 1 }, payload, hs256(SECRET)), verifier());
});

Deno.test("TokenVerifier answers 109 for a token that has expired, and closes on one that is not good yet", async () => {
  const old = await mintToken({ ...claims, expiresAtS: NOW_S - 5 }, SECRET);
  await assert.rejects(verifier().verifyConnection(old, undefined), { code: 109 });
  await assert.rejects(verifier().verifySubscription(old), { code: 109 });
  await isRefused(raw({ alg: "HS256" }, { ...payload, nbf: NOW_S + 5 }, hs256(SECRET)), verifier());
  const lenient = verifier(undefined, { leewayS: 10 });
  assert.equal((await lenient.verifyConnection(old, undefined)).user, "u1");
});

Deno.test("TokenVerifier wants its audience and its issuer", async () => {
  const by = verifier(undefined, { audience: "chat", issuer: "us" });
  const good = await mintToken({ ...claims, audience: "chat", issuer: "us" }, SECRET);
  assert.equal((await by.verifyConnection(good, undefined)).user, "u1");
  for (const more of [{ audience: "shop", issuer: "us" }, { audience: "chat", issuer: "them" }, {}]) {
    await isRefused(await mintToken({ ...claims, ...more }, SECRET), by);
  }
});

Deno.test("TokenVerifier takes neither kind of token for the other", async () => {
  const connection = await mintToken(claims, SECRET);
  const subscription = await mintToken({ ...claims, channel: "$c", workspace: "w", info: { a: 1 } }, SECRET);
  await assert.rejects(verifier().verifyConnection(subscription, undefined), {
    close: { code: 3500, reason: "invalid token" },
  });
  await assert.rejects(verifier().verifySubscription(connection), { code: 103 });
  assert.deepEqual(await verifier().verifySubscription(subscription), {
    user: "u1",
    workspace: "w",
    channel: "$c",
    chanInfo: '{"a":1}',
    expiresAtMs: 2_000_000,
  });
  for (const channel of [null, "", 1, ["$c"]]) {
    await isRefused(raw({ alg: "HS256" }, { ...payload, channel }, hs256(SECRET)), verifier());
  }
});

Deno.test("TokenVerifier keeps a token to its workspace", async () => {
  const token = await mintToken({ ...claims, workspace: "a" }, SECRET);
  assert.equal((await verifier().verifyConnection(token, "a")).workspace, "a");
  for (const path of ["b", "default", "a "]) {
    await assert.rejects(verifier().verifyConnection(token, path), {
      close: { code: 3507, reason: "permission denied" },
    });
  }
  for (const workspace of ["A", "a/b", "../a", "", "a\u0000", "a%2Fb", 1, null]) {
    const odd = raw({ alg: "HS256" }, { ...payload, workspace }, hs256(SECRET));
    await assert.rejects(verifier().verifyConnection(odd, undefined), CloseError, String(workspace));
  }
});

Deno.test("TokenVerifier refuses claims of a wrong shape rather than to read less into them", async () => {
  const wrong = [{ caps: {} }, { caps: [{ allow: "sub" }] }, { channels: "a" }, { channels: [1] }, {
    subs: [],
  }, {
    caps: [{ channels: ["("], match: "regex", allow: ["sub"] }],
  }];
  for (const more of wrong) {
    const token = raw({ alg: "HS256" }, { ...payload, ...more }, hs256(SECRET));
    await assert.rejects(verifier().verifyConnection(token, undefined), CloseError, JSON.stringify(more));
  }
});

Deno.test("TokenVerifier says why a token is refused, in the error and not in the close", async () => {
  const by = verifier([new SecretKey(SECRET)]);
  const why = async (token: string) => {
    try {
      await by.verifyConnection(token, "acme");
    } catch (error) {
      return error instanceof CloseError && [error.message, error.close.reason];
    }
  };
  assert.deepEqual(await why("abc"), ["invalid token: it is no JWT", "invalid token"]);
  const forged = await mintToken(claims, SECRET.toUpperCase());
  assert.deepEqual(await why(forged), ["invalid token: no key verifies its signature", "invalid token"]);
  assert.deepEqual(await why(await mintToken(claims, SECRET)), [
    'permission denied: the token is for workspace "default"',
    "permission denied",
  ]);
});
