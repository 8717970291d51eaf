/**
 * What permessage-deflate gains in bytes, and what it costs in CPU and memory: one node for each mode, one channel, many
 * subscribers. `deno task bench:compression [--subscribers 200] [--publications 2000] [--bytes 1024]`.
 *
 * CPU and memory are what the node says of itself at /metrics; bytes are what the subscribers read. Use ratios between the
 * rows of one run, on a machine that does nothing else.
 */
import { parseArgs } from "node:util";
import { clientFrame, upgradeHead } from "../tests/http_kit.ts";
import { NodeProcess, pause, until } from "../src/testing/processes.ts";

const { values } = parseArgs({
  options: {
    subscribers: { type: "string", default: "200" },
    publications: { type: "string", default: "2000" },
    bytes: { type: "string", default: "1024" },
  },
});
const subscribers = Number(values.subscribers);
const publications = Number(values.publications);
const payloadBytes = Number(values.bytes);

const OFFER = "permessage-deflate; client_max_window_bits";
const PUBLISHES_IN_FLIGHT = 50;

/** Half of what is sent is words that return, half numbers that do not. */
function payload(n: number): string {
  const quotes: unknown[] = [];
  let size = 0;
  while (size < payloadBytes) {
    const price = Math.round(1e6 * Math.abs(Math.sin(n * 31 + quotes.length))) / 100;
    const quote = {
      symbol: `SYM${quotes.length}`,
      price,
      volume: (n * 7919 + quotes.length * 104729) % 100_000,
    };
    size += JSON.stringify(quote).length + 1;
    quotes.push(quote);
  }
  return JSON.stringify(quotes);
}

/** A connection that counts what it reads. */
class Peer {
  readonly #connection: Deno.TcpConn;
  bytes = 0;
  text = "";

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    void this.#read();
  }

  static async open(port: number, offer: string): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
    await peer.send(new TextEncoder().encode(
      upgradeHead("/connection/websocket", { "Sec-WebSocket-Extensions": offer }),
    ));
    await until("the 101", () => peer.text.includes("\r\n\r\n"), 5_000);
    await peer.say('{"id":1,"connect":{}}');
    return peer;
  }

  say(commands: string): Promise<void> {
    return this.send(clientFrame(1, commands));
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
  }

  close(): void {
    this.#connection.close();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder("latin1");
    try {
      for (let n = await this.#connection.read(buffer); n !== null; n = await this.#connection.read(buffer)) {
        if (this.text.length < 4_096) this.text += decoder.decode(buffer.subarray(0, n));
        this.bytes += n;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  }
}

/** A number of the node's own metrics. */
async function metric(node: NodeProcess, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${node.port}/metrics`);
  const line = (await response.text()).split("\n").find((line) => line.startsWith(`${name} `));
  if (line === undefined) throw new Error(`Cannot find metric ${name}`);
  return Number(line.split(" ")[1]);
}

interface Row {
  readonly mode: string;
  readonly bytesEach: number;
  readonly cpuUsEach: number;
  readonly kibEach: number;
}

async function measure(mode: string): Promise<Row> {
  await using node = await NodeProcess.start({ set: { compression: mode } });
  const rssBefore = await metric(node, "node_memory_usage_bytes");
  const peers: Peer[] = [];
  for (let n = 0; n < subscribers; n++) {
    const peer = await Peer.open(node.port, OFFER);
    await peer.say('{"id":2,"subscribe":{"channel":"quotes"}}');
    peers.push(peer);
  }
  const publisher = await Peer.open(node.port, "");
  await pause(500);
  const bytesBefore = sum(peers);
  const cpuBefore = await metric(node, "process_cpu_seconds_total");
  await publishAll(publisher);
  await pause(1_000);
  const deliveries = subscribers * publications;
  const cpuSeconds = await metric(node, "process_cpu_seconds_total") - cpuBefore;
  const rssAfter = await metric(node, "node_memory_usage_bytes");
  const row = {
    mode,
    bytesEach: (sum(peers) - bytesBefore) / deliveries,
    cpuUsEach: cpuSeconds * 1e6 / deliveries,
    kibEach: (rssAfter - rssBefore) / 1024 / subscribers,
  };
  for (const peer of [...peers, publisher]) peer.close();
  return row;
}

function sum(peers: readonly Peer[]): number {
  return peers.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function publishAll(publisher: Peer): Promise<void> {
  for (let n = 0; n < publications; n += PUBLISHES_IN_FLIGHT) {
    const before = publisher.bytes;
    const commands: string[] = [];
    for (let i = 0; i < PUBLISHES_IN_FLIGHT; i++) {
      const data = payload(n + i);
      commands.push(`{"id":${n + i + 10},"publish":{"channel":"quotes","data":${data}}}`);
    }
    // One frame each, as clients that publish one by one.
    for (const command of commands) await publisher.say(command);
    await until("the answers came", () => publisher.bytes > before, 30_000);
    await pause(5);
  }
}

console.log(`${subscribers} subscribers, ${publications} publications of about ${payloadBytes} bytes`);
console.log("compression   bytes a delivery   CPU us a delivery   KiB a connection");
for (const mode of ["off", "shared", "connection"]) {
  const { bytesEach, cpuUsEach, kibEach } = await measure(mode);
  const cells = [bytesEach.toFixed(0), cpuUsEach.toFixed(1), kibEach.toFixed(0)];
  console.log(
    `${mode.padEnd(12)}  ${cells.map((cell, at) => cell.padStart([16, 18, 17][at] ?? 0)).join("  ")}`,
  );
}
Deno.exit(0);
