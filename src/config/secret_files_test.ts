import assert from "node:assert/strict";
import { namingFiles, readSecretFiles } from "./secret_files.ts";
import { envLayer } from "./source.ts";

const key = "0123456789abcdef0123456789abcdef";
const files: Readonly<Record<string, string>> = { "/key": `${key}\n`, "/dos": `${key}\r\n`, "/empty": "\n" };
const read = (path: string) => Promise.resolve(files[path] ?? new Error("there is no such file"));

async function messages(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return (await readSecretFiles(env, read)).faults.map(({ message }) => message);
}

Deno.test("readSecretFiles() puts a file's text, without its last line end, in place of the variable", async () => {
  for (const path of ["/key", "/dos"]) {
    const { env, faults } = await readSecretFiles({ SHOAL_TOKEN_HMAC_SECRET_FILE: path, PORT: "1" }, read);
    assert.deepEqual(env, { SHOAL_TOKEN_HMAC_SECRET: key, PORT: "1" });
    assert.deepEqual(faults, []);
  }
});

Deno.test("readSecretFiles() takes URLs that hold passwords, under both names", async () => {
  for (const variable of ["REDIS_URL", "SHOAL_REDIS_URL"]) {
    const { env } = await readSecretFiles({ [`${variable}_FILE`]: "/key" }, read);
    assert.deepEqual(env, { [variable]: key });
  }
});

Deno.test("readSecretFiles() leaves other options alone, so that they are refused as unknown", async () => {
  const { env } = await readSecretFiles({ SHOAL_PORT_FILE: "/key" }, read);
  assert.deepEqual(env, { SHOAL_PORT_FILE: "/key" });
  assert.equal(envLayer(env).faults.length, 1);
});

Deno.test("readSecretFiles() refuses an empty file: it must not open a node", async () => {
  assert.deepEqual(await messages({ SHOAL_TOKEN_HMAC_SECRET_FILE: "/empty" }), [
    'Cannot use file "/empty" (from SHOAL_TOKEN_HMAC_SECRET_FILE): it is empty',
  ]);
});

Deno.test("readSecretFiles() refuses a missing file, and a variable beside its file", async () => {
  assert.match((await messages({ REDIS_URL_FILE: "/none" })).join(), /"\/none".*no such file/);
  const both = { SHOAL_TOKEN_HMAC_SECRET_FILE: "/key", SHOAL_TOKEN_HMAC_SECRET: key };
  assert.match((await messages(both)).join(), /SHOAL_TOKEN_HMAC_SECRET is set too/);
});

Deno.test("readSecretFiles() counts an empty variable as none", async () => {
  assert.deepEqual(await readSecretFiles({ SHOAL_TOKEN_HMAC_SECRET_FILE: "" }, read), {
    env: {},
    fromFile: new Set(),
    faults: [],
  });
});

Deno.test("namingFiles() names the file's variable as the source", async () => {
  const found = await readSecretFiles({ SHOAL_TOKEN_HMAC_SECRET_FILE: "/key", PORT: "1" }, read);
  const { given } = namingFiles(envLayer(found.env), found);
  assert.equal(given.get("token_hmac_secret")?.source, "SHOAL_TOKEN_HMAC_SECRET_FILE");
  assert.equal(given.get("port")?.source, "PORT");
});
