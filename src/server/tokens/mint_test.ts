import assert from "node:assert/strict";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { mintToken } from "./mint.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const claims = { user: "u1", issuedAtS: 1_000, expiresAtS: 2_000 };

async function verified(token: string, secret: string): Promise<Readonly<Record<string, unknown>>> {
  const options = { algorithms: ["HS256"], currentDate: new Date(1_500_000) };
  return (await jwtVerify(token, new TextEncoder().encode(secret), options)).payload;
}

Deno.test("mintToken() signs the claims given and no others", async () => {
  const token = await mintToken(claims, SECRET);
  assert.deepEqual(decodeProtectedHeader(token), { alg: "HS256", typ: "JWT" });
  assert.deepEqual(await verified(token, SECRET), { sub: "u1", iat: 1_000, exp: 2_000 });
});

Deno.test("mintToken() writes workspace, channel, audience and issuer when given", async () => {
  const more = { workspace: "w", channel: "c", audience: "a", issuer: "i" };
  assert.deepEqual(await verified(await mintToken({ ...claims, ...more }, SECRET), SECRET), {
    ...{ sub: "u1", iat: 1_000, exp: 2_000 },
    ...{ workspace: "w", channel: "c", aud: "a", iss: "i" },
  });
});

Deno.test("mintToken() makes a token that another secret does not verify", async () => {
  const token = await mintToken(claims, SECRET);
  await assert.rejects(verified(token, SECRET.toUpperCase()), {
    code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  });
});

Deno.test("mintToken() refuses an empty secret", async () => {
  await assert.rejects(mintToken(claims, ""), TypeError);
});
