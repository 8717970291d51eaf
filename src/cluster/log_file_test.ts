import assert from "node:assert/strict";
import { openLogFile } from "./log_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("openLogFile() goes on at the end, and keeps one older file past its bound", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/cluster.log`;
  await Deno.writeTextFile(path, "before\n", { mode: 0o600 });
  {
    using log = await openLogFile(path, 12);
    for (const text of ["first\n", "second\n", "third--------\n", "last\n"]) await log.write(bytes(text));
  }
  assert.equal(await Deno.readTextFile(`${path}.1`), "second\nthird--------\n");
  assert.equal(await Deno.readTextFile(path), "last\n");
  await Deno.remove(directory, { recursive: true });
});
