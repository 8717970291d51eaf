/** What becomes of one connection by an order: of another client, of the application, of an operator. */
import { toClientError } from "../../core/errors.ts";
import type { Line } from "../../core/frame.ts";
import { messagePush, refreshPush } from "../../protocol/json_codec.ts";
import type { Order, OrderEnvelope } from "../../protocol/order.ts";
import type { Client } from "../context.ts";
import { watchExpiry } from "../expiry.ts";
import { subscribeByServer, unsubscribeByServer } from "../server_side_subs.ts";

/** Carries `order` out on each of `clients`; answers on how many it took effect. */
export async function carryOut(clients: readonly Client[], { order, data }: OrderEnvelope): Promise<number> {
  if (order.kind === "message") return sendAll(clients, messagePush(data));
  const results = await Promise.all(clients.map((client) => carryOutOne(client, order)));
  return results.filter((isDone) => isDone).length;
}

function sendAll(clients: readonly Client[], line: Line): number {
  for (const client of clients) client.send(line);
  return clients.length;
}

function carryOutOne(client: Client, order: Exclude<Order, { kind: "message" }>): boolean | Promise<boolean> {
  switch (order.kind) {
    case "disconnect":
      client.close({ code: order.code, reason: order.reason });
      return true;
    case "subscribe":
      return subscribe(client, order.channel);
    case "unsubscribe":
      return unsubscribeByServer(client, order.channel, { code: order.code, reason: order.reason });
    case "refresh":
      return refresh(client, order.expireAtMs);
    default:
      return order satisfies never;
  }
}

/** One connection that cannot be subscribed must not hide what became of the others. */
async function subscribe(client: Client, channel: string): Promise<boolean> {
  try {
    return await subscribeByServer(client, channel);
  } catch (thrown) {
    const error = toClientError(thrown);
    client.context.log.warn("A server-side subscription failed", { client: client.client, channel, error });
    return false;
  }
}

function refresh(client: Client, expireAtMs: number | null): boolean {
  const { clock } = client.context;
  if (expireAtMs !== null && expireAtMs <= clock.wallMs()) {
    client.close("connectionExpired");
    return true;
  }
  client.identity = { ...client.identity, expiresAtMs: expireAtMs ?? undefined };
  watchExpiry(client);
  client.send(refreshPush(expireAtMs === null ? undefined : expireAtMs - clock.wallMs()));
  return true;
}
