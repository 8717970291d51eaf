/** The systemd units, as systemd reads them. */
import assert from "node:assert/strict";
import { MISCONFIGURED_EXIT_CODE } from "../src/core/supervision.ts";
import { root, TestProcess } from "../src/testing/processes.ts";

/** The worst exposure that is taken, in tenths; `systemd-analyze security` calls up to 2 "ok". */
const MAX_EXPOSURE = "15";

/** Copies the units, the path of Deno made this machine's, and runs `systemd-analyze` on them. */
async function analyze(words: readonly string[], change: (text: string) => string = (text) => text) {
  const folder = await Deno.makeTempDir({ prefix: "shoal-units-" });
  try {
    for (const name of ["shoal@.service", "shoal.target"]) {
      const text = await Deno.readTextFile(`${root}deploy/systemd/${name}`);
      await Deno.writeTextFile(
        `${folder}/${name}`,
        change(text.replace("/usr/local/bin/deno", Deno.execPath())),
      );
    }
    await using process = new TestProcess(
      "systemd-analyze",
      words.map((word) => word.replace("FOLDER", folder)),
    );
    const { code } = await process.end();
    return { code, text: process.text };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("systemd-analyze verify has nothing to say of the units", async () => {
  const words = ["verify", "FOLDER/shoal@8080.service", "FOLDER/shoal.target"];
  assert.deepEqual(await analyze(words), { code: 0, text: "" });
});

Deno.test("systemd-analyze verify has something to say of a mistyped directive", async () => {
  const words = ["verify", "FOLDER/shoal@8080.service"];
  const { text } = await analyze(words, (unit) => unit.replace("ProtectHome=", "ProtectHouse="));
  assert.match(text, /ProtectHouse/);
});

Deno.test("systemd-analyze security finds the nodes' unit hardened", async () => {
  const words = ["security", "--offline=yes", `--threshold=${MAX_EXPOSURE}`, "FOLDER/shoal@.service"];
  const { code, text } = await analyze(words);
  assert.equal(code, 0, text);
});

Deno.test("the unit does not restart what is misconfigured, and outwaits a drain", async () => {
  const unit = await Deno.readTextFile(`${root}deploy/systemd/shoal@.service`);
  assert.ok(unit.includes(`\nRestartPreventExitStatus=${MISCONFIGURED_EXIT_CODE}\n`));
  assert.match(unit, /\nTimeoutStopSec=45\n/);
});
