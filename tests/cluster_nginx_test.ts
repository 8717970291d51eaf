/** `shoal cluster --nginx`: a real nginx before real nodes, which changes with them and ends with their supervisor. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import { isAlive, runProgram, until } from "../src/testing/processes.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 20_000;

function open(instances: number, room = 0): Promise<ClusterProcess> {
  return ClusterProcess.start({ instances, room, words: ["--nginx", "--insecure"] });
}

function folderOf({ directory, shared }: ClusterProcess): string {
  return `${directory}/.shoal/nginx-${shared.port}`;
}

async function pidOfNginx(cluster: ClusterProcess): Promise<number> {
  return Number((await Deno.readTextFile(`${folderOf(cluster)}/nginx.pid`)).trim());
}

async function pidOfParent(pid: number): Promise<number> {
  // Deno itself may read /proc with every permission only.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  const status = new TextDecoder().decode(stdout);
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
}

/** Ids of the nodes that answer through nginx: clients without a cookie go to any. */
async function nodesBehind({ shared }: ClusterProcess): Promise<ReadonlySet<string>> {
  const ids = await Promise.all(Array.from({ length: 60 }, async () => (await shared.health()).node));
  return new Set(ids);
}

async function seesNodes(cluster: ClusterProcess, count: number): Promise<void> {
  await until(
    `${count} nodes behind nginx`,
    async () => (await nodesBehind(cluster)).size === count,
    WITHIN_MS,
  );
}

Deno.test("cluster --nginx serves clients on the shared port, follows scale and reload, and ends in order", async () => {
  await using cluster = await open(2, 1);
  const response = await fetch(`http://127.0.0.1:${cluster.shared.port}/stats`);
  await response.body?.cancel();
  assert.equal(response.headers.get("server"), "nginx");
  assert.equal(response.status, 404, "what is the operators' own is not published");
  await seesNodes(cluster, 2);
  const clients = await Promise.all(
    [1, 2, 3, 4].map((user) => SdkClient.open(`${cluster.shared.ws}?sticky=u${user}`)),
  );
  const rooms = await Promise.all(clients.map((client) => client.subscribe("room")));
  await clients[0]?.centrifuge.publish("room", "hello");
  for (const room of rooms) await room.received((data) => data === "hello");
  for (const client of clients) client[Symbol.dispose]();

  for (const [count, words] of [[3, ["scale", "3"]], [3, ["reload"]], [1, ["scale", "1"]]] as const) {
    const change = await cluster.command(...words);
    assert.equal(change.code, 0, change.text);
    await seesNodes(cluster, count);
    assert.equal(
      (await Deno.readTextFile(`${folderOf(cluster)}/upstream.conf`)).match(/^server /gm)?.length,
      count,
    );
  }

  const pid = await pidOfNginx(cluster);
  assert.equal((await cluster.command("stop")).code, 0);
  assert.equal((await cluster.supervisor.end()).code, 0);
  assert.equal(await isAlive(pid), false);
});

Deno.test("cluster --nginx leaves no nginx behind when its supervisor is killed", async () => {
  await using cluster = await open(1);
  const pid = await pidOfNginx(cluster);
  await cluster.supervisor.kill();
  await until("nginx has ended", async () => !await isAlive(pid), ENDS_WITHIN_MS);
});

Deno.test("cluster --nginx has another nginx when the keeper of the first was killed", async () => {
  await using cluster = await open(1);
  const pid = await pidOfNginx(cluster);
  Deno.kill(await pidOfParent(pid), "SIGKILL");
  await cluster.supervisor.matches(/nginx ended with exit code 137: starting it again/g);
  await until("another nginx", async () => {
    const other = await pidOfNginx(cluster).catch(() => pid);
    return other > 0 && other !== pid && await cluster.shared.isReady();
  }, WITHIN_MS);
  assert.equal(await isAlive(pid), false);
});

Deno.test("cluster --nginx is refused in open mode, and without a shared port", async () => {
  const open = await runProgram(["cluster", "--nginx"]);
  assert.equal(open.code, 2);
  assert.match(open.text, /SHOAL_TOKEN_HMAC_SECRET.*or --insecure/);
  const off = await runProgram(["cluster", "--nginx", "--insecure", "--shared-port", "0"]);
  assert.equal(off.code, 1);
  assert.match(off.text, /Cannot take --nginx with --shared-port 0/);
});
