/** Methods that act on connections, wherever they are. */
import { ClientError, closeTable, errorTable, unsubscribeTable } from "../../core/errors.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { Order, OrderTarget } from "../../protocol/order.ts";
import type { ApiContext, ApiHandler } from "./api_call.ts";

export const subscribe: ApiHandler<"subscribe"> = (context, workspace, { channel, client, user }) => {
  context.node.rules.of(channel);
  return order(context, { workspace, client, user }, { kind: "subscribe", channel });
};

export const unsubscribe: ApiHandler<"unsubscribe"> = (context, workspace, request) => {
  const { channel, client, user, code, reason } = request;
  const usual = unsubscribeTable.server;
  const end = { code: code ?? usual.code, reason: reason ?? usual.reason };
  return order(context, { workspace, client, user }, { kind: "unsubscribe", channel, ...end });
};

export const disconnect: ApiHandler<"disconnect"> = (context, workspace, request) => {
  const { client, user, except, code, reason } = request;
  const usual = closeTable.forceDisconnect;
  const end = { code: code ?? usual.code, reason: reason ?? usual.reason };
  return order(context, { workspace, client, user, except }, { kind: "disconnect", ...end });
};

export const refresh: ApiHandler<"refresh"> = (context, workspace, request) => {
  const { client, user, expire_at: expireAtS = 0, expired = false } = request;
  const expireAtMs = expired ? 1 : expireAtS === 0 ? null : expireAtS * 1000;
  return order(context, { workspace, client, user }, { kind: "refresh", expireAtMs });
};

/** A message that reaches nobody is an error, unlike an order: who sends wants to be heard. */
export const send: ApiHandler<"send"> = async ({ node }, workspace, { client, user, data }) => {
  if (data === undefined) throw new ClientError("badRequest", { detail: "data is missing" });
  const push = `{"data":${payloadOf(data)}}`;
  return { delivered: await node.session.reach.give({ workspace, client, user }, { kind: "message" }, push) };
};

async function order({ node }: ApiContext, target: OrderTarget, wanted: Order) {
  try {
    return { connections: await node.session.reach.give(target, wanted) };
  } catch (error) {
    // That nobody is there is what was wanted already.
    if (error instanceof ClientError && error.code === errorTable.notFound.code) return { connections: 0 };
    throw error;
  }
}
