import assert from "node:assert/strict";
import denoJson from "../deno.json" with { type: "json" };
import { packLibrary } from "../tools/pack.ts";
import { repoRoot } from "../tools/repo_files.ts";

/** A slow machine with empty caches fetches the packages in this time. */
const commandTimeoutMs = 2 * 60_000;

/** What the app prints when its client got the answer of its own rpc. */
const sumOfTwoAndThree = /"id":2,"rpc":\{"data":5\}/m;

const appText = await Deno.readTextFile(new URL("fixtures/ten_line_app.ts", import.meta.url));

/** A folder outside the repo that holds the app, with `denoConfig` as its deno.json; removed when disposed of. */
async function openAppFolder(denoConfig: unknown): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "shoal-app-" });
  await Deno.writeTextFile(`${path}/app.ts`, appText);
  await Deno.writeTextFile(`${path}/deno.json`, JSON.stringify(denoConfig));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Runs a program in `folder` to its end; fails with all that it printed when it ends badly. */
async function run(command: string, args: readonly string[], folder: string): Promise<string> {
  const signal = AbortSignal.timeout(commandTimeoutMs);
  const env = { NO_COLOR: "1" };
  const output = await new Deno.Command(command, { args: [...args], cwd: folder, env, signal }).output();
  const [printed, complaints] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assert.ok(
    output.success,
    `${command} ${args.join(" ")} ended with ${output.code}:\n${printed}${complaints}`,
  );
  return printed ?? "";
}

/** Type-checks the app and runs it with the rights that docs promise to be enough. */
async function checkAndRunApp(folder: string): Promise<string> {
  await run(Deno.execPath(), ["check", "--no-lock", "app.ts"], folder);
  const rights = ["--allow-net", "--allow-env", "--allow-read"];
  return await run(Deno.execPath(), ["run", "--no-lock", "--no-prompt", ...rights, "app.ts"], folder);
}

Deno.test("ten-line app uses the library from another folder by import map", async () => {
  const source = new URL("src/", repoRoot).href;
  await using folder = await openAppFolder({
    imports: { "@shoal/shoal": `${source}mod.ts` },
    // The library's own packages: in its scope only, so that the app's may differ.
    scopes: { [source]: denoJson.imports },
    compilerOptions: denoJson.compilerOptions,
  });
  assert.match(await checkAndRunApp(folder.path), sumOfTwoAndThree);
});

Deno.test("ten-line app uses the library from its npm tarball", async () => {
  await using folder = await openAppFolder({ nodeModulesDir: "manual" });
  const tarball = await packLibrary(`${folder.path}/tarball`);
  assert.ok(tarball.endsWith(`/shoal-${denoJson.version}.tgz`), tarball);
  const dependencies = { [denoJson.name]: `file:${tarball}` };
  await Deno.writeTextFile(`${folder.path}/package.json`, JSON.stringify({ private: true, dependencies }));
  await run(
    "npm",
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
    folder.path,
  );
  assert.match(await checkAndRunApp(folder.path), sumOfTwoAndThree);
});
