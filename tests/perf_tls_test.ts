/** The load tester over TLS, with and without local addresses of its own. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { dial } from "../src/perf/engine/wire/dial.ts";
import { preflight } from "../src/perf/engine/preflight.ts";
import { resolveScenario } from "../src/perf/scenario/resolve_scenario.ts";
import { parseTargets } from "../src/perf/targets/target.ts";
import { selfSigned } from "../src/testing/nginx_server.ts";
import { ScriptedServer } from "../src/testing/scripted_server.ts";
import { TestProcess } from "../src/testing/test_process.ts";

/** Echoes over TLS, and keeps where its clients came from. */
async function secureEcho(directory: string) {
  const { certificate, key } = await selfSigned(directory);
  const hosts = new Set<string>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    cert: await Deno.readTextFile(certificate),
    key: await Deno.readTextFile(key),
  }, (request, { remoteAddr }) => {
    hosts.add(remoteAddr.hostname);
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  return {
    certificate,
    hosts,
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

for (const sourceIps of [[], ["127.0.0.7", "127.0.0.8"]]) {
  Deno.test(`perf run measures a wss target from ${sourceIps.join(" and ") || "the usual address"}`, async () => {
    const directory = await Deno.makeTempDir();
    await using server = await secureEcho(directory);
    const load = ["-c", "4", "--rate", "200", "-n", "200", "--warmup", "0", "--quiet", "--out", directory];
    const source = sourceIps.length === 0 ? [] : ["--source-ips", sourceIps.join(",")];
    const url = `wss://localhost:${server.port}/echo`;
    await using perf = new TestProcess(
      Deno.execPath(),
      ["run", "-A", "--no-check", "src/main.ts", "perf", "run", "--targets", url, ...load, ...source],
      { env: { DENO_CERT: server.certificate } },
    );
    const { code } = await perf.end();
    await Deno.remove(directory, { recursive: true });
    assert.match(perf.text, /200 untouched answers of 200 tried/);
    assert.notEqual(code, 5, perf.text);
    assert.deepEqual([...server.hosts].sort(), sourceIps.length === 0 ? ["127.0.0.1"] : sourceIps);
  });

  const from = sourceIps.length === 0 ? "" : " from a local address";
  Deno.test(`preflight() says tls of a wss target that speaks none${from}`, async () => {
    await using plain = new ScriptedServer();
    const [dead] = await preflight(loadOf(`wss://127.0.0.1:${plain.port}/x`, sourceIps), systemClock);
    assert.equal(dead?.errorClass, "tls", `${dead?.cause}`);
  });

  Deno.test(`preflight() gives up on a wss target that never answers the handshake${from}`, async () => {
    using hanging = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [dead] = await preflight(loadOf(`wss://127.0.0.1:${hanging.addr.port}/x`, sourceIps), systemClock);
    assert.equal(dead?.errorClass, "connect_timeout", `${dead?.cause}`);
  });
}

Deno.test("preflight() puts what fails at a local address into the classes of the usual one", async () => {
  const expectations = [
    ["ws://127.0.0.1:9/x", "127.0.0.7", "refused"],
    ["ws://nowhere.invalid:80/x", "127.0.0.7", "dns"],
    ["ws://127.0.0.1:9/x", "203.0.113.9", "port_limit"],
  ] as const;
  for (const [url, sourceIp, errorClass] of expectations) {
    const [dead] = await preflight(loadOf(url, [sourceIp]), systemClock);
    assert.equal(dead?.errorClass, errorClass, `${url} from ${sourceIp}: ${dead?.cause}`);
  }
});

Deno.test("dial() from a local address closes a connection whose handshake was given up", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const gaveUp = new AbortController();
  const address = { hostname: "127.0.0.1", port, isSecure: true, sourceIp: "127.0.0.7" };
  const dialled = await dial(address, gaveUp.signal);
  using peer = await listener.accept();
  const opening = assert.rejects(dialled.open());
  gaveUp.abort();
  await opening;
  assert.equal(await readToEnd(peer), "ended");
});

async function readToEnd(peer: Deno.Conn): Promise<"ended"> {
  const bytes = new Uint8Array(4_096);
  while (await peer.read(bytes) !== null);
  return "ended";
}

function loadOf(url: string, sourceIps: readonly string[]): Parameters<typeof preflight>[0] {
  const scenario = resolveScenario("light", { ramp: { connectTimeoutMs: 500 } });
  return {
    targets: parseTargets(url),
    scenario: {
      ...scenario,
      speech: { kind: "plain", message: "{{id}}", reply: { kind: "echo" }, hello: [] },
    },
    parts: ["traffic"],
    pacer: "timer",
    workers: 1,
    sourceIps,
    governor: { pauseBelow: 0.05, resumeAbove: 0.1 },
    drainMs: 500,
    seed: 1,
  };
}
