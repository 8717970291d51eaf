import assert from "node:assert/strict";
import { loadConfig } from "./load.ts";
import type { Resolution } from "./resolve.ts";

async function withFile(content: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, content);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

function faults(resolution: Resolution): readonly string[] {
  return resolution.isUsable ? [] : resolution.faults.map(({ message }) => message);
}

Deno.test("loadConfig() reads the file that --config or SHOAL_CONFIG names", async () => {
  await withFile('{"port": 7}', async (path) => {
    for (const options of [{ file: path, env: {} }, { env: { SHOAL_CONFIG: path } }]) {
      const loaded = await loadConfig({ flags: [], ...options });
      assert.ok(loaded.isUsable);
      assert.equal(loaded.config.port, 7);
      assert.equal(loaded.origins.get("port"), path);
    }
  });
});

Deno.test("loadConfig() tells a missing file together with all other faults", async () => {
  const loaded = await loadConfig({ flags: [], env: { PORT: "x" }, file: "/nowhere/shoal.json" });
  assert.deepEqual(faults(loaded), [
    'Cannot read configuration file "/nowhere/shoal.json" (from --config): there is no such file',
    'Cannot use port "x" (from PORT): want an integer from 0 to 65535',
  ]);
});

Deno.test("loadConfig() tells where a file is no JSON, without quoting it", async () => {
  await withFile('{\n"token_hmac_secret": hunter2\n}', async (path) => {
    const [fault = ""] = faults(await loadConfig({ flags: [], env: {}, file: path }));
    assert.match(fault, /it is not JSON/);
    assert.doesNotMatch(fault, /hunter2/);
  });
});

Deno.test("loadConfig() wants one object in the file", async () => {
  await withFile("[1]", async (path) => {
    assert.match(
      faults(await loadConfig({ flags: [], env: {}, file: path }))[0] ?? "",
      /want one JSON object/,
    );
  });
});

Deno.test("loadConfig() takes a command's defaults only where no source gives the option", async () => {
  const defaults = { sharedPort: 8000 };
  const plain = await loadConfig({ flags: [], env: {}, defaults });
  assert.ok(plain.isUsable && plain.config.sharedPort === 8000);
  const told = await loadConfig({ flags: [], env: { SHOAL_SHARED_PORT: "0" }, defaults });
  assert.ok(told.isUsable && told.config.sharedPort === 0);
});
