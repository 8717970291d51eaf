/** The compose files: valid, closed where they must be, and their services at work as local processes. */
import assert from "node:assert/strict";
import { ComposeProject, readCompose } from "../src/testing/compose_project.ts";
import { selfSigned } from "../src/testing/nginx_server.ts";
import { root, runProgram } from "../src/testing/processes.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { until } from "../src/testing/processes.ts";
import { serverLine } from "../src/cluster/mod.ts";

const productionFiles = ["docker-compose.yml", "deploy/compose.production.yml"];
const order = ["redis", "node", "nginx"];

/** Makes the folder that compose.production.yml asks for. */
async function makeSecrets(
  folder: string,
): Promise<{ readonly token: string; readonly password: string; readonly metricsKey: string }> {
  const [token, password] = [crypto.randomUUID() + crypto.randomUUID(), crypto.randomUUID()];
  const metricsKey = crypto.randomUUID();
  const { certificate, key } = await selfSigned(folder);
  await Deno.rename(certificate, `${folder}/tls_certificate.pem`);
  await Deno.rename(key, `${folder}/tls_key.pem`);
  const texts = {
    token_hmac_secret: `${token}\n`,
    redis_url: `redis://default:${password}@redis:6379\n`,
    "redis.acl": `user default on >${password} ~* &* +@all\n`,
    metrics_key: `${metricsKey}\n`,
    api_keys: JSON.stringify([{ name: "prometheus", key: metricsKey, methods: ["metrics"] }]),
  };
  for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(`${folder}/${name}`, text);
  return { token, password, metricsKey };
}

Deno.test("docker-compose takes docker-compose.yml, and every service is hardened and bounded", async () => {
  const { services, networks } = await readCompose(["docker-compose.yml"]);
  assert.deepEqual(Object.keys(services).sort(), ["grafana", "nginx", "node", "prometheus", "redis"]);
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
    assert.match(String(service.user), /^[1-9]\d*:/, `${name} runs as root`);
    assert.match(service.image, /^[\w/]+:v?\d+\.\d+\.\d+/, `${name} is not pinned`);
    for (const field of ["restart", "mem_limit", "cpus", "pids_limit", "healthcheck", "logging"]) {
      assert.ok(field in service, `${name} lacks ${field}`);
    }
    for (const port of service.ports ?? []) assert.match(String(port), /^127\.0\.0\.1:/, name);
  }
  assert.deepEqual(networks.backend, { internal: true });
  assert.deepEqual(Object.keys(services.redis?.networks ?? {}), ["backend"]);
});

Deno.test("every file that docker-compose.yml mounts without a profile is there", async () => {
  const { services, secrets } = await readCompose(["docker-compose.yml"]);
  const always = Object.values(services).filter(({ profiles }) => profiles === undefined);
  const mounted = always.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""));
  const files = [
    ...mounted.filter((path) => path.startsWith("/")),
    ...Object.values(secrets ?? {}).map((s) => s.file),
  ];
  assert.ok(files.length >= 4);
  for (const file of files) await Deno.stat(file);
});

Deno.test("compose.production.yml asks for its secrets, and closes what is open", async () => {
  await assert.rejects(readCompose(productionFiles), /set SHOAL_SECRETS to the folder of the secrets/);
  const { services } = await readCompose(productionFiles, { SHOAL_SECRETS: "/nowhere" });
  const { environment = {} } = services.node ?? {};
  assert.equal(environment.SHOAL_INSECURE, "");
  assert.equal(environment.SHOAL_TOKEN_HMAC_SECRET_FILE, "/run/secrets/token_hmac_secret");
  assert.equal(environment.REDIS_URL, "");
});

Deno.test("the health check and the versions of the image are those of docker-compose.yml and deno.json", async () => {
  const dockerfile = await Deno.readTextFile(`${root}deploy/Dockerfile`);
  const { services } = await readCompose(["docker-compose.yml"]);
  const check: unknown = JSON.parse(/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? "[]");
  assert.deepEqual(services.node?.healthcheck.test.slice(1), check);
  const { version } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  assert.equal(services.node?.image, `shoal:${version}`);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base = ""]) => base);
  for (const base of bases) assert.ok(base.endsWith(Deno.version.deno), base);
});

Deno.test("docker-compose.yml as processes: healthy, open to this machine, three nodes behind nginx", async () => {
  const config = await readCompose(["docker-compose.yml"]);
  await using project = await ComposeProject.up(config, order);
  const [nginx] = project.of("nginx");
  const nodes = project.of("node");
  assert.ok(nginx);
  assert.equal(nodes.length, 3);
  const base = `http://${nginx.address}:8000`;
  const url = (user: number) => `ws://${nginx.address}:8000/connection/websocket?sticky=${user}`;
  // Addresses differ from run to run, and with them who goes where: of so many, all on two nodes are one case in a million.
  const clients = await Promise.all(Array.from({ length: 36 }, (_, user) => SdkClient.open(url(user))));
  try {
    assert.equal(new Set(clients.map(({ node }) => node)).size, 3, "all three nodes have clients");
    const rooms = await Promise.all(clients.map((client) => client.subscribe("room")));
    await clients[0]?.centrifuge.publish("room", "hello");
    for (const room of rooms) await room.received((data) => data === "hello");

    const steps = clients.map((client) => client.steps.length);
    const dead = clients[0]?.node;
    const deadNode = await instanceOf(nodes, dead ?? "");
    await deadNode.process.kill();
    await Promise.all(
      clients.map((client, at) => client.node === dead && client.step("connected", steps[at], 3_000)),
    );
    assert.ok(await project.check(deadNode) !== undefined, "a dead node is not healthy");
    const alive = nodes.find((node) => node !== deadNode);
    assert.equal(await statusOf(`http://${alive?.address}:8080/metrics`), 200, "for Prometheus");
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  assert.equal(await statusOf(`${base}/metrics`), 404);
  // A page that points its own name at this machine.
  await assert.rejects(fetchAs(`${nginx.address}:8000`, "evil.example"));
});

Deno.test("compose-entry.sh lists nodes as deno task nginx does, and reloads nginx when they change", async () => {
  const folder = await Deno.makeTempDir({ prefix: "shoal-entry-" });
  try {
    // Stands in for DNS and for nginx.
    const bin = `${folder}/bin`;
    await Deno.mkdir(bin);
    await Deno.writeTextFile(`${folder}/hosts`, "10.0.0.3 STREAM node\n10.0.0.3 DGRAM\n10.0.0.2 STREAM\n");
    await script(`${bin}/getent`, `cat ${folder}/hosts`);
    await script(`${bin}/nginx`, `trap 'echo reloaded >>${folder}/log' HUP; while :; do sleep 0.1; done`);
    const entry = (await Deno.readTextFile(`${root}deploy/nginx/compose-entry.sh`)).replace(
      "/tmp/nginx",
      folder,
    );
    await Deno.writeTextFile(`${folder}/entry.sh`, entry);
    const child = new Deno.Command("/bin/sh", {
      args: [`${folder}/entry.sh`],
      env: { PATH: `${bin}:${Deno.env.get("PATH")}`, SHOAL_NODES: "node", SHOAL_NODE_PORT: "8080" },
    }).spawn();
    try {
      const listed = async () => await Deno.readTextFile(`${folder}/upstream.conf`).catch(() => "");
      const lines = (...addresses: readonly string[]) =>
        addresses.map((a) => `${serverLine(`${a}:8080`)}\n`).join("");
      await until("nodes are listed", async () => await listed() === lines("10.0.0.2", "10.0.0.3"), 5_000);
      await Deno.writeTextFile(`${folder}/hosts`, "10.0.0.2 STREAM node\n10.0.0.4 STREAM\n10.0.0.3 STREAM\n");
      const reloads = async () => await Deno.readTextFile(`${folder}/log`).catch(() => "");
      await until("nginx is reloaded", async () => await reloads() === "reloaded\n", 8_000);
      assert.equal(await listed(), lines("10.0.0.2", "10.0.0.3", "10.0.0.4"));
    } finally {
      child.kill("SIGKILL");
      await child.status;
      // The loop ends when it finds nginx gone.
      await until("the loop has ended", () => isNobodyLeft(`${folder}/entry.sh`), 5_000);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compose.production.yml as processes: tokens, a password for Redis, TLS", async () => {
  const folder = await Deno.makeTempDir({ prefix: "shoal-secrets-" });
  try {
    const { token, metricsKey } = await makeSecrets(folder);
    const config = await readCompose(productionFiles, { SHOAL_SECRETS: folder });
    await using project = await ComposeProject.up(config, order);
    const [redis] = project.of("redis");
    const [node] = project.of("node");
    const [nginx] = project.of("nginx");
    assert.ok(redis && node && nginx);

    const words = ["token", "--user", "u1"];
    const minted = (await runProgram(words, { SHOAL_TOKEN_HMAC_SECRET: token })).text.trim();
    const url = `ws://${node.address}:8080/connection/websocket`;
    using client = await SdkClient.open(url, { token: minted });
    assert.ok(client.node);
    await assert.rejects(SdkClient.open(url), "a client without a token");

    // As Prometheus asks from its own container; a proxy's mark makes this machine a stranger.
    const metrics = `http://${node.address}:8080/metrics`;
    const stranger = ["-H", "X-Forwarded-For: 10.0.0.9"];
    const keyed = [...stranger, "-H", `Authorization: ApiKey ${metricsKey}`];
    assert.match(await curl(metrics, [], keyed), /^websocket_active_connections /m);
    assert.match(await curl(metrics, [], stranger), /Cannot show this to a remote peer/);

    using conn = await Deno.connect({ hostname: redis.address, port: 6379 });
    await conn.write(new TextEncoder().encode("PING\r\n"));
    const answer = new Uint8Array(256);
    assert.match(new TextDecoder().decode(answer.subarray(0, await conn.read(answer) ?? 0)), /NOAUTH/);

    const caCerts = [await Deno.readTextFile(`${folder}/tls_certificate.pem`)];
    const plain = await fetch(`http://${nginx.address}:8001/x`, { redirect: "manual" });
    await plain.body?.cancel();
    assert.equal(plain.headers.get("location"), `https://${nginx.address}/x`);
    assert.match(await curl(`https://${nginx.address}:8000/health`, caCerts), /"status":"ok"/);
    assert.equal(node.process.text.includes(token), false, "the log holds the token key");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The instance that runs the node with this id. */
async function instanceOf<T extends { readonly address: string }>(
  nodes: readonly T[],
  id: string,
): Promise<T> {
  for (const node of nodes) {
    const health: { node: string } = await (await fetch(`http://${node.address}:8080/health`)).json();
    if (health.node === id) return node;
  }
  throw new Error(`No node has id ${id}`);
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

/** Asks under another name than the address. Rejects when the connection ends without an answer. */
async function fetchAs(address: string, host: string): Promise<string> {
  return await curl(`http://${address}/health`, [], ["-H", `Host: ${host}`]);
}

async function curl(url: string, caCerts: readonly string[], more: readonly string[] = []): Promise<string> {
  // The certificate names localhost, and the test's address is another.
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["-sS", ...(caCerts.length > 0 ? ["-k"] : []), ...more, url],
    stderr: "null",
  }).output();
  if (code !== 0) throw new Error(`curl ended with ${code}`);
  return new TextDecoder().decode(stdout);
}

async function script(path: string, body: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`);
  await Deno.chmod(path, 0o755);
}

/** True when no process has `word` among its arguments. */
async function isNobodyLeft(word: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
  return !new TextDecoder().decode(stdout).includes(word);
}
