/** The examples as their headers say: their own command lines, with other ports, as real processes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { root, TestProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";

const WITHIN_MS = 15_000;

/** The commands in the header of an example, in order; a line that is indented further goes on with the one before. */
async function commandsOf(example: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(`${root}cluster-examples/${example}`);
  const header = text.slice(0, text.indexOf("*/"));
  const code = [...header.matchAll(/^ \* {5}(.*)$/gm)].map(([, line]) => line ?? "").join("\n");
  return code.split(/\n(?! )/);
}

/** The command of a header that starts with `start`, with words of it replaced. */
async function commandOf(
  example: string,
  start: string,
  replaced: Readonly<Record<string, string>>,
): Promise<string> {
  const found = (await commandsOf(example)).find((command) => command.startsWith(start));
  assert.ok(found, `${example} has no command that starts with ${start}`);
  return Object.entries(replaced).reduce((command, [word, other]) => {
    assert.ok(command.includes(word), `${command} lacks ${word}`);
    return command.replace(word, other);
  }, found);
}

/** A command that runs as a shell would run it; its `deno` is the one that runs this test. */
class Running implements AsyncDisposable {
  readonly #process: TestProcess;

  constructor(command: string) {
    const line = `exec ${command.replace(/^deno /, '"$DENO" ')}`;
    this.#process = new TestProcess("sh", ["-c", line], { env: { DENO: Deno.execPath() }, hasInput: true });
  }

  get text(): string {
    return this.#process.text;
  }

  /** The first group of the first match of `pattern` in the output, now or within the deadline. */
  async match(pattern: RegExp): Promise<string> {
    const [found] = await this.#process.matches(new RegExp(pattern, "g" + pattern.flags), 1, WITHIN_MS);
    return found?.[1] ?? "";
  }

  async write(text: string): Promise<void> {
    await this.#process.write(text);
  }

  async closeInput(): Promise<void> {
    await this.#process.closeInput();
  }

  /** Waits for the end, asks for it first when a signal is given, and answers the exit code. */
  async end(signal?: Deno.Signal): Promise<number> {
    if (signal !== undefined) this.#process.signal(signal);
    const timer = setTimeout(() => this.#process.signal("SIGKILL"), WITHIN_MS);
    const { code } = await this.#process.end().finally(() => clearTimeout(timer));
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Runs a command to its end and answers what it printed. */
async function outputOf(command: string): Promise<string> {
  await using running = new Running(command);
  assert.equal(await running.end(), 0, running.text);
  return running.text;
}

/** What a plain WebSocket received. */
interface Received {
  readonly messages: readonly unknown[];
  /** Code and reason, when the other side closed it. */
  readonly close?: string;
}

/** Sends all messages, and closes when `count` have come back. */
async function exchange(
  url: string,
  sent: readonly (string | Uint8Array<ArrayBuffer>)[],
  count = sent.length,
): Promise<Received> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<Received>();
  socket.onopen = () => sent.forEach((message) => socket.send(message));
  socket.onmessage = ({ data }) => {
    messages.push(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    if (messages.length === count) socket.close();
  };
  socket.onclose = ({ code, reason }) =>
    resolve(messages.length === count ? { messages } : { messages, close: `${code} ${reason}` });
  const timer = setTimeout(() => socket.close(), WITHIN_MS);
  return await promise.finally(() => clearTimeout(timer));
}

/** A cluster of two nodes on free ports. */
class TestCluster implements AsyncDisposable {
  readonly #running: Running;
  readonly ports: readonly [string, string];

  private constructor(running: Running, ports: readonly [string, string]) {
    this.#running = running;
    this.ports = ports;
  }

  static async start(): Promise<TestCluster> {
    const rights = "--no-prompt --allow-net --allow-env --allow-read=. --allow-write=.shoal";
    const line = `deno run ${rights} "--allow-run=$DENO,cat" src/main.ts cluster`;
    const running = new Running(`${line} --instances 2 --port 0 --shared-port 0`);
    const isUp = /nodes +http:\/\/127\.0\.0\.1:(\d+)\n +http:\/\/127\.0\.0\.1:\d+/;
    const first = await running.match(isUp);
    return new TestCluster(running, [first, await running.match(/nodes +\S+\n +http:\/\/\S+:(\d+)/)]);
  }

  /** The first process that served a port. */
  pidOf(port: string): number {
    return Number(new RegExp(`node ${port} starting \\(pid (\\d+)\\)`).exec(this.#running.text)?.[1]);
  }

  /** How many clients a node holds. */
  async connections(port: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    return (await response.json()).connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.end("SIGTERM");
    await this.#running[Symbol.asyncDispose]();
  }
}

Deno.test("echo.ts gives text back as ?as= wants it, and refuses a way that it does not know", async () => {
  await using echo = new Running(await commandOf("echo.ts", "deno run", { "8080": "0" }));
  const port = await echo.match(/ws:\/\/127\.0\.0\.1:(\d+)\/apps\/echo/);
  assert.equal(await outputOf(await commandOf("echo.ts", "deno eval", { "8080": port })), "hello\n");
  const url = `ws://127.0.0.1:${port}/apps/echo`;
  const bytes = new Uint8Array([1, 2, 3]);
  assert.deepEqual(await exchange(`${url}?as=upper`, ["straße", bytes]), { messages: ["STRASSE", bytes] });
  assert.deepEqual(await exchange(`${url}?as=reverse`, ["ae\u0301🇩🇪"]), { messages: ["🇩🇪e\u0301a"] });
  assert.deepEqual(await exchange(url, ["as it is"]), { messages: ["as it is"] });
  const { close } = await exchange(`${url}?as=lower`, ["x"]);
  assert.equal(close, "4500 unknown ?as=: want one of same, upper, reverse");
  assert.equal(await echo.end("SIGINT"), 0, echo.text);
});

Deno.test("sha256.ts answers digests of the algorithm that is asked for, in order", async () => {
  await using digest = new Running(await commandOf("sha256.ts", "deno run", { "8080": "0" }));
  const port = await digest.match(/ws:\/\/127\.0\.0\.1:(\d+)\/apps\/digest/);
  const tried = JSON.parse(await outputOf(await commandOf("sha256.ts", "deno eval", { "8080": port })));
  const expected = createHash("sha384").update("hello").digest("hex");
  assert.deepEqual(tried, { algorithm: "SHA-384", bytes: 5, digest: expected });
  const texts = ["x".repeat(50_000), "", "ü"];
  const { messages } = await exchange(`ws://127.0.0.1:${port}/apps/digest?as=base64`, texts);
  assert.deepEqual(
    messages.map((message) => JSON.parse(String(message)).digest),
    texts.map((text) => createHash("sha256").update(text).digest("base64")),
  );
  const refused = await exchange(`ws://127.0.0.1:${port}/apps/digest?algorithm=md5`, ["x"]);
  assert.match(String(refused.messages[0]), /unknown \?algorithm=: want one of SHA-1, SHA-256/);
  assert.equal(await digest.end("SIGTERM"), 0, digest.text);
});

Deno.test("counter.ts counts a room once over two nodes and tells everybody in it", async () => {
  await using redis = await RedisServer.open();
  const command = await commandOf("counter.ts", "deno run", {
    "8080": "0",
    "redis://127.0.0.1:6379": redis.url,
  });
  await using one = new Running(command);
  await using two = new Running(command);
  const [portOfOne, portOfTwo] = [await one.match(/:(\d+)\/apps/), await two.match(/:(\d+)\/apps/)];
  const [urlOfOne, urlOfTwo] = [portOfOne, portOfTwo].map((port) =>
    `ws://127.0.0.1:${port}/apps/rooms?room=tea`
  );
  await using watcher = new Running(
    `deno eval 'new WebSocket("${urlOfOne}").onmessage = (e) => console.log(e.data)'`,
  );
  await watcher.match(/"type":"joined","room":"tea"/);
  const { messages } = await exchange(String(urlOfTwo), ["first"], 2);
  assert.match(messages.join("\n"), /"joined".*\n.*"count":1,"note":"first"/);
  await exchange(String(urlOfOne), ["second"], 2);
  await watcher.match(/"count":2,"note":"second"/);
  await using tried = new Running(await commandOf("counter.ts", "deno eval", { "8081": portOfTwo }));
  await tried.match(/"count":3,"note":"one more"/);
  await watcher.match(/"count":3,"note":"one more"/);
  const { close } = await exchange(`ws://127.0.0.1:${portOfOne}/apps/rooms?room=NO`, ["x"]);
  assert.match(close ?? "", /^4500 want \?room=/);
  assert.equal(await one.end("SIGTERM"), 0, one.text);
  assert.equal(await two.end("SIGTERM"), 0, two.text);
});

Deno.test("chat.ts carries lines between two nodes, and --once ends when its line was seen", async () => {
  await using cluster = await TestCluster.start();
  const [first, second] = cluster.ports;
  const command = await commandOf("chat.ts", "deno run", { "8080": first });
  await using ann = new Running(command);
  await using bob = new Running(
    command.replace(`--node ${first}`, `--node ${second}`).replace("ann", "bob"),
  );
  await Promise.all([ann.match(/in room lobby on node (\d+)/), bob.match(/in room lobby on node (\d+)/)]);
  await ann.write("hello bob\n");
  await bob.match(/^ann: hello bob$/m);
  await bob.write("half a ");
  await bob.write("line\nand \x1b[2Jone\n");
  await ann.match(/^bob: half a line$/m);
  await ann.match(/^bob: and {2}\[2Jone$/m);

  const commands = await commandsOf("chat.ts");
  const once = commands.find((line) => line.includes("--once"))?.replace("8081", second) ?? "";
  assert.match(await outputOf(once), /^cron: good morning$/m);
  await ann.match(/^cron: good morning$/m);

  Deno.kill(cluster.pidOf(second), "SIGKILL");
  await bob.match(/^\* lost node \d+ \(.+\), trying again$/m);
  await bob.match(/trying again\n(?:.+\n)*\* in room lobby/);
  await ann.write("back again?\n");
  await bob.match(/^ann: back again\?$/m);

  await ann.closeInput();
  assert.equal(await ann.end(), 0, ann.text);
  assert.equal(await bob.end("SIGINT"), 0, bob.text);
});

Deno.test("services.ts is called in turn on two nodes, and over HTTP", async () => {
  await using cluster = await TestCluster.start();
  const [first, second] = cluster.ports;
  const offer = await commandOf("services.ts", "deno run", { "8080": first });
  await using ann = new Running(offer);
  await using bob = new Running(offer.replace(`--node ${first}`, `--node ${second}`).replace("ann", "bob"));
  await Promise.all([ann.match(/ann (offers) math/), bob.match(/bob (offers) math/)]);
  const commands = await commandsOf("services.ts");
  const calls = commands.find((line) => line.includes("--calls"))?.replace("8082", second) ?? "";
  const text = await outputOf(calls);
  assert.equal(text.match(/says ann/g)?.length, 2, text);
  assert.equal(text.match(/says bob/g)?.length, 2, text);
  assert.match(text, /^tick 3$/m);
  const curls = commands.filter((line) => line.startsWith("curl")).map((line) => line.replace("8082", first));
  const [sum = "", ticks = ""] = await Promise.all(curls.map((line) => outputOf(line)));
  assert.match(sum, /\{"value":\{"sum":3,"by":"(ann|bob)"\}\}/);
  assert.match(ticks, /\{"value":1\}\n\{"value":2\}\n\{"value":3\}\n/);
  for (const provider of [ann, bob]) assert.equal(await provider.end("SIGINT"), 0, provider.text);
});

/** The client manager over two nodes, spoken to as a script would. */
class TestManager implements AsyncDisposable {
  readonly running: Running;
  readonly #url: string;

  private constructor(running: Running, url: string) {
    this.running = running;
    this.#url = url;
  }

  static async start(nodes: readonly string[]): Promise<TestManager> {
    const command = await commandOf("client_manager/main.ts", "deno run", {
      "9000": "0",
      "8080,8081,8082": `${nodes.join(",")} --max-clients 10`,
    });
    const running = new Running(command);
    return new TestManager(running, await running.match(/(http:\/\/127\.0\.0\.1:\d+)/));
  }

  /** `<status> <body>` of a request; a body that is no text goes as JSON. */
  async ask(method: string, path: string, body?: unknown): Promise<string> {
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(text === undefined ? {} : { body: text }),
    });
    return `${response.status} ${await response.text()}`;
  }

  /** Asks for the statistics until a sum is there: what goes round through the nodes sends no event here. */
  async received(count: number): Promise<string> {
    let stats = "";
    await until(`${count} were received`, async () => {
      stats = await this.ask("GET", "/stats");
      return stats.includes(`"received":${count},`);
    }, WITHIN_MS);
    return stats;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}

Deno.test("client_manager opens, lists, sends through and closes clients on two nodes", async () => {
  await using cluster = await TestCluster.start();
  await using manager = await TestManager.start(cluster.ports);
  const [first, second] = cluster.ports;
  assert.equal(
    await manager.ask("POST", "/clients", { count: 4, channel: "fleet" }),
    '200 {"ids":[1,2,3,4],"ok":4,"failed":0,"reasons":[]}',
  );
  assert.match(await manager.ask("GET", "/clients?limit=3"), /"id":3,.*"total":4,"next":3}$/);
  const rest =
    `200 {"clients":[{"id":4,"node":"127.0.0.1:${second}","channel":"fleet","state":"open","sent":0,"received":0}],"total":4}`;
  assert.equal(await manager.ask("GET", "/clients?limit=3&after=3"), rest);

  assert.equal(
    await manager.ask("POST", "/send", { client: 1, data: { n: 1 } }),
    '200 {"ok":1,"failed":0,"reasons":[]}',
  );
  assert.equal(
    await manager.ask("POST", "/send", { data: null }),
    '200 {"ok":4,"failed":0,"reasons":[]}',
  );
  const nodes = `"nodes":{"127.0.0.1:${first}":2,"127.0.0.1:${second}":2}`;
  assert.equal(
    await manager.received(20),
    `200 {"open":4,"connecting":0,"sent":5,"received":20,"errors":0,${nodes}}`,
  );

  assert.equal(await manager.ask("DELETE", "/clients/1"), '200 {"closed":1}');
  assert.match(await manager.ask("DELETE", "/clients/1"), /^404 /);
  assert.match(await manager.ask("POST", "/send", { client: 1, data: 1 }), /^404 /);
  assert.equal(await manager.ask("DELETE", "/clients"), '200 {"closed":3}');
  assert.match(await manager.ask("GET", "/stats"), /"open":0,"connecting":0,"sent":5/);
});

Deno.test("client_manager answers bad requests with their cause and keeps its bounds", async () => {
  await using cluster = await TestCluster.start();
  await using manager = await TestManager.start(cluster.ports);
  assert.match(await manager.ask("POST", "/send", { data: 1 }), /^409 .*POST \/clients opens some/);
  assert.match(await manager.ask("POST", "/clients", { count: 11 }), /^409 .*there is room for 10/);
  assert.match(await manager.ask("POST", "/clients", { count: "2" }), /^400 .*want count/);
  assert.match(await manager.ask("POST", "/clients", { channel: "" }), /^400 .*want channel/);
  assert.match(
    await manager.ask("POST", "/clients", { channel: "no:such" }),
    /"failed":1,"reasons":\["unknown channel: no namespace \\"no\\" is configured \(102\)/,
  );
  assert.match(await manager.ask("POST", "/clients", "{"), /^400 .*as JSON/);
  assert.match(await manager.ask("POST", "/clients", "[1]"), /^400 .*want a JSON object/);
  assert.match(await manager.ask("POST", "/send", " ".repeat(65_537)), /^413 .*at most 65536 bytes/);
  assert.match(
    await manager.ask("POST", "/send", { data: "x".repeat(61_439) }),
    /^413 .*at most 61440 bytes/,
  );
  assert.match(await manager.ask("GET", "/clients?after=x"), /^400 .*want an integer/);
  assert.match(await manager.ask("PUT", "/stats"), /^405 .*want GET/);
  assert.match(await manager.ask("GET", "/"), /^404 .*there are \/clients/);

  assert.match(await manager.ask("POST", "/clients", { count: 10 }), /"ok":10/);
  assert.deepEqual(await Promise.all(cluster.ports.map((port) => cluster.connections(port))), [5, 5]);
  assert.equal(await manager.running.end("SIGINT"), 0, manager.running.text);
  assert.deepEqual(await Promise.all(cluster.ports.map((port) => cluster.connections(port))), [0, 0]);
});

Deno.test("examples stand in their README and use the public door only", async () => {
  const folder = `${root}cluster-examples`;
  const readme = await Deno.readTextFile(`${folder}/README.md`);
  for await (const { name } of Deno.readDir(folder)) {
    assert.ok(name === "README.md" || readme.includes(`](${name}`), `README.md lacks ${name}`);
  }
  for (
    const file of ["echo.ts", "sha256.ts", "counter.ts", "chat.ts", "services.ts", "client_manager/main.ts"]
  ) {
    const text = await Deno.readTextFile(`${folder}/${file}`);
    const imported = [...text.matchAll(/ from "([^"]+)"/g)].map(([, from]) => from ?? "");
    const allowed = /^(?:\.\.\/src\/mod\.ts|\.\.\/src\/client\/mod\.ts|\.\/\w+\.ts|centrifuge|node:util)$/;
    assert.deepEqual(imported.filter((from) => !allowed.test(from)), [], file);
  }
});

Deno.test("The examples that take a port end with 2 and one line when it is none", async () => {
  for (const example of ["echo.ts", "counter.ts", "sha256.ts"]) {
    const command = (await commandsOf(example)).find((line) => line.startsWith("deno run"));
    await using running = new Running(`${command?.replace(/(?<=\.ts).*/, "")} 80x`);
    assert.equal(await running.end(), 2, running.text);
    assert.equal(running.text, 'Cannot use port "80x": want an integer from 0 to 65535\n', example);
  }
});
