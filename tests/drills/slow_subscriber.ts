/** Drill on a client that reads nothing. */
import assert from "node:assert/strict";
import { NodeProcess, pause, rssOf, until } from "../../src/testing/processes.ts";
import { assertNothingMissing, DURABLE, fleetFigures } from "./bystanders.ts";
import type { Drill } from "./drill.ts";
import { Fleet } from "./fleet.ts";

/** What a connection may have queued: the default of `outbox_bytes`. */
const OUTBOX_BYTES = 1024 * 1024;
/** Memory of a node moves by this much whatever happens: the collector's rhythm. */
const NOISE_BYTES = 32 * 1024 * 1024;
const PAYLOAD_CHARS = 400;

/** One client subscribes and never reads again, while its channel carries 1,000 publications a second. */
export const slowSubscriber: Drill = {
  name: "slow-subscriber",
  fault: "a subscriber reads nothing for 60 s (long; 8 s short) at 1,000 publications/s",
  async run(scale, report) {
    await using node = await NodeProcess.start();
    using fleet = await Fleet.open({
      addresses: [node.ws],
      channelPrefix: DURABLE,
      channels: 1,
      subscribersPerChannel: 2,
      ratePerChannel: 1_000,
      payloadChars: PAYLOAD_CHARS,
    });
    fleet.startPublishing();
    await pause(2_000);
    const rssBefore = await rssOf(node.pid);
    using _deaf = await DeafClient.subscribe(node.port, `${DURABLE}0`);
    const closedMs = await until(
      "the deaf client is closed",
      async () => await slowCloses(node.port) >= 1,
      60_000,
    );
    await pause(scale.name === "long" ? 60_000 - Math.min(closedMs, 50_000) : 8_000);
    const grownBytes = await rssOf(node.pid) - rssBefore;
    await fleet.stopPublishing();
    report({
      ...fleetFigures(fleet),
      closed_3008_after_ms: closedMs,
      node_memory_grew_mib: Math.round(grownBytes / 1024 / 1024),
    });
    assertNothingMissing(fleet.account());
    assert.ok(fleet.listeners.every(({ ids }) => ids.length === 1), "a neighbour was closed");
    assert.ok(grownBytes <= OUTBOX_BYTES + NOISE_BYTES, `the node grew by ${grownBytes} bytes`);
  },
};

/** How many clients the node has closed as slow. */
async function slowCloses(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: "close" } });
  return Number(/^websocket_connection_errors_total\{code="3008"\} (\d+)/m.exec(await response.text())?.[1] ?? 0);
}

/** A WebSocket client by hand, which subscribes and then leaves everything in the socket. */
class DeafClient implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async subscribe(port: number, channel: string): Promise<DeafClient> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = [
      "GET /connection/websocket HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${btoa("0123456789abcdef")}`,
    ];
    await conn.write(new TextEncoder().encode(head.join("\r\n") + "\r\n\r\n"));
    await conn.read(new Uint8Array(4_096)); // the handshake's answer, and the last that it reads
    await conn.write(textFrame(`{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"${channel}"}}`));
    return new DeafClient(conn);
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** A short text frame, masked with zeros as a client's must be. */
function textFrame(text: string): Uint8Array<ArrayBuffer> {
  const payload = new TextEncoder().encode(text);
  return new Uint8Array([0x81, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
}
