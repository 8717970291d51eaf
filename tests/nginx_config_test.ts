/** What `deno task nginx` writes: the committed files, and configurations that nginx takes. */
import assert from "node:assert/strict";
import { ConsistentHash, stickyKeys } from "../src/testing/consistent_hash.ts";
import { nginxDirectory, nginxText, selfSigned } from "../src/testing/nginx_server.ts";
import { root, runProgram, TestProcess } from "../src/testing/processes.ts";

const inCompose = [
  "--port",
  "8000",
  "--run-dir",
  "/tmp/nginx",
  "--upstream-file",
  "/tmp/nginx/upstream.conf",
];

/** The files that are generated, by the words that make them. */
const generated: Readonly<Record<string, readonly string[]>> = {
  "nginx.conf": ["--instances", "3"],
  "deploy/nginx/twelve.conf": ["--instances", "12", "--first-port", "9001"],
  "deploy/nginx/ip_hash.conf": ["--instances", "3", "--sticky", "ip_hash"],
  "deploy/nginx/tls.conf": [
    ...["--server-name", "app.example.com", "--redirect-port", "80"],
    ...["--tls", "/etc/ssl/shoal/fullchain.pem", "/etc/ssl/shoal/privkey.pem"],
  ],
  "deploy/nginx/compose.conf": [...inCompose, "--server-name", "localhost 127.0.0.1"],
  "deploy/nginx/compose.tls.conf": [
    ...inCompose,
    ...["--tls", "/run/secrets/tls_certificate", "/run/secrets/tls_key"],
    ...["--redirect-port", "8001", "--public-port", "443"],
  ],
};

for (const [file, words] of Object.entries(generated)) {
  Deno.test(`${file} is what deno task nginx writes`, async () => {
    const { code, text } = await runProgram(["nginx", ...words]);
    assert.equal(code, 0, text);
    const again = `deno task nginx ${words.join(" ")} --out ${file}`;
    assert.equal(await Deno.readTextFile(`${root}${file}`), text, `To write it anew: ${again}`);
  });
}

Deno.test("nginx -t takes nginx.conf and the twelve upstreams without a word of warning", async () => {
  for (const file of ["nginx.conf", "deploy/nginx/twelve.conf", "deploy/nginx/ip_hash.conf"]) {
    const directory = await nginxDirectory();
    try {
      // Where a plain user may not write, as the tests may be run.
      const text = (await Deno.readTextFile(`${root}${file}`))
        .replace("/run/nginx.pid", `${directory}/pid`).replaceAll("/var/log/nginx/", `${directory}/`);
      await assertTaken(text, directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }
});

Deno.test("nginx -t takes each way of sticking, with and without TLS", async () => {
  const directory = await nginxDirectory();
  try {
    const tls = await selfSigned(directory);
    for (const sticky of ["cookie", "token", "ip_hash"] as const) {
      const servers = ["127.0.0.1:1", "127.0.0.1:2"];
      await assertTaken(await nginxText({ servers, sticky }, directory), directory);
      const names = { serverName: "a.example b.example", tls, redirectPort: 65_534 };
      await assertTaken(await nginxText({ servers, sticky, ...names }, directory), directory);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("shoal nginx names every fault of its flags and ends with 2", async () => {
  const words = ["--instances", "0", "--server-name", "a;b", "--tls", "x{y", "k", "--port", "70000"];
  const { code, text } = await runProgram(["nginx", ...words]);
  assert.equal(code, 2);
  for (const wanted of [/--instances 0/, /--server-name "a;b"/, /--tls "x\{y"/, /--port 70000: want/]) {
    assert.match(text, wanted);
  }
});

Deno.test("shoal nginx refuses a port that one of its nodes has", async () => {
  const { code, text } = await runProgram(["nginx", "--instances", "12", "--port", "8085"]);
  assert.equal(code, 2);
  assert.match(text, /--port 8085: a node has it \(8080 to 8091\)/);
});

Deno.test("shoal nginx follows the nodes' ping interval and largest body", async () => {
  const { text } = await runProgram([
    "nginx",
    "--set",
    "ping_interval_ms=10000",
    "--set",
    "max_body_bytes=2048",
  ]);
  assert.match(text, /proxy_read_timeout 24s;/);
  assert.match(text, /client_max_body_size 2048;/);
});

Deno.test("the ring of the twelve upstreams shares 12,000 keys within 1.5", async () => {
  const text = await Deno.readTextFile(`${root}deploy/nginx/twelve.conf`);
  const servers = [...text.matchAll(/^ +server (127\.0\.0\.1:\d+) weight=(\d+)/gm)];
  assert.equal(servers.length, 12);
  const ring = new ConsistentHash(servers.map(([, server]) => server ?? ""), Number(servers[0]?.[2]));
  const shares = [...ring.sharesOf(stickyKeys(12_000, 1)).values()];
  const ratio = Math.max(...shares) / Math.min(...shares);
  console.log(`measured: largest share ${ratio.toFixed(3)} times the smallest`);
  assert.ok(ratio <= 1.5, `shares are ${shares.join(", ")}`);
});

async function assertTaken(text: string, directory: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/nginx.conf`, text);
  await using nginx = new TestProcess("nginx", ["-t", "-p", directory, "-c", `${directory}/nginx.conf`]);
  assert.equal((await nginx.end()).code, 0, nginx.text);
  assert.deepEqual(nginx.text.match(/\[(?:warn|alert|emerg|error)\].*/g), null);
}
