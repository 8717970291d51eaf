/** Drill on a client that reads nothing. */
import assert from "node:assert/strict";
import { NodeProcess, pause, rssOf, until } from "../../src/testing/processes.ts";
import { assertNothingMissing, DURABLE, fleetFigures } from "./bystanders.ts";
import type { Drill } from "./drill.ts";
import { Fleet } from "./fleet.ts";

/** What a connection may have queued: the default of `outbox_bytes`. */
const OUTBOX_BYTES = 1024 * 1024;
/** Memory of a node under this load moves by this much whatever happens: the collector's rhythm. */
const NOISE_BYTES = 32 * 1024 * 1024;
/** Four megabytes a second, so that the buffers of the kernel are full after some seconds. */
const PAYLOAD_CHARS = 4_000;
const CLOSED_WITHIN_MS = 25_000;

/** One client subscribes and never reads again, while its channel carries 1,000 publications a second. */
export const slowSubscriber: Drill = {
  name: "slow-subscriber",
  fault: "a subscriber reads nothing for 60 s (long; 4 s short) at 1,000 publications/s",
  async run(scale, report) {
    const lookMs = scale.name === "long" ? 60_000 : 4_000;
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
    const withoutBytes = await growthDuring(node.pid, () => pause(lookMs));
    let closedMs = 0;
    const withBytes = await growthDuring(node.pid, async () => {
      using _deaf = await DeafClient.subscribe(node.port, `${DURABLE}0`);
      closedMs = await until("the deaf client is closed", () => hasClosedSlow(node.port), CLOSED_WITHIN_MS);
      await pause(lookMs - closedMs);
    });
    await fleet.stopPublishing();
    report({
      ...fleetFigures(fleet),
      closed_3008_after_ms: closedMs,
      node_grew_without_it_mib: inMib(withoutBytes),
      node_grew_with_it_mib: inMib(withBytes),
    });
    assertNothingMissing(fleet.account());
    assert.ok(fleet.listeners.every(({ ids }) => ids.length === 1), "a neighbour was closed");
    const bound = Math.max(0, withoutBytes) + OUTBOX_BYTES + NOISE_BYTES;
    assert.ok(withBytes <= bound, `the node grew by ${inMib(withBytes)} MiB with the deaf client`);
  },
};

/** How much the resident memory of `pid` grows while `during` lasts, in bytes. */
async function growthDuring(pid: number, during: () => Promise<void>): Promise<number> {
  const before = await rssOf(pid);
  await during();
  return await rssOf(pid) - before;
}

function inMib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** Whether the node has closed a client as slow. */
async function hasClosedSlow(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: "close" } });
  return /^websocket_connection_errors_total\{code="3008"\} [1-9]/m.test(await response.text());
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
