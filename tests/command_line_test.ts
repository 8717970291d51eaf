/** The program as a process: exit codes, streams, and what the smallest set of permissions allows. */
import assert from "node:assert/strict";
import { root, TestProcess } from "../src/testing/processes.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function shoal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", `--allow-read=${root}`, "src/main.ts", ...args],
    cwd: root,
    clearEnv: true,
    env: { PATH, HOME, ...(DENO_DIR === undefined ? {} : { DENO_DIR }), ...env },
    signal: AbortSignal.timeout(60_000),
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("shoal config check ends with 0 or with 2 and every fault on stderr", async () => {
  assert.equal((await shoal(["config", "check"])).code, 0);
  const { code, out, err } = await shoal(["config", "check", "--port", "99999"], { SHOAL_LOG_LEVEL: "loud" });
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /Cannot use port "99999" \(from --port\): want an integer from 0 to 65535/);
  assert.match(err, /Cannot use log_level "loud" \(from SHOAL_LOG_LEVEL\)/);
});

Deno.test("shoal config print writes JSON, without the secret and without colours", async () => {
  const env = { SHOAL_TOKEN_HMAC_SECRET: "hunter2".repeat(5), REDIS_URL: "redis://u:hunter2@h" };
  const { code, out, err } = await shoal(["config", "print"], env);
  assert.equal(code, 0, err);
  const printed: unknown = JSON.parse(out);
  assert.equal(Reflect.get(Object(printed), "redis_url"), "redis://***@h");
  assert.ok(!`${out}${err}`.includes("hunter2"));
  assert.ok(!`${out}${err}`.includes("\x1b"));
});

Deno.test("shoal token prints one token and nothing else on stdout", async () => {
  const { code, out, err } = await shoal(["token", "--user", "u1"], {
    SHOAL_TOKEN_HMAC_SECRET: "k".repeat(32),
  });
  assert.equal(code, 0, err);
  assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
});

Deno.test("deno task dev and deno task pack print their help and end with 0 when asked for it", async () => {
  for (const [task, use] of [["dev", "Usage: shoal start"], ["pack", "Use: deno task pack"]] as const) {
    await using process = new TestProcess(Deno.execPath(), ["task", "--quiet", task, "--help"], {
      cwd: root,
    });
    await process.matches(new RegExp(`^${use}`, "gm"), 1);
    assert.equal((await process.end()).code, 0, process.text);
  }
});

Deno.test("deno task dev ends with its node at SIGTERM, although it watches the source", async () => {
  await using process = new TestProcess(Deno.execPath(), ["task", "--quiet", "dev", "--port", "0"], {
    cwd: root,
  });
  const [listening] = await process.matches(/"address":"([^"]+)"/g, 1);
  // An answer shows that it watches for signals by now.
  await (await fetch(`http://${listening?.[1]}/health/live`)).body?.cancel();
  process.signal("SIGTERM");
  assert.equal((await process.end()).code, 0, process.text);
  assert.match(process.text, /The node has ended/);
});

Deno.test("shoal ends in order when nobody reads what it says any more", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", `--allow-read=${root}`, "src/main.ts", "start", "--help"],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  }).spawn();
  // Long before it has anything to say.
  await child.stdout.cancel();
  const said = await new Response(child.stderr).text();
  assert.deepEqual([(await child.status).code, said], [0, ""]);
});
