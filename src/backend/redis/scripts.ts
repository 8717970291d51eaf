import beat from "./lua/beat.lua" with { type: "text" };
import bury from "./lua/bury.lua" with { type: "text" };
import clean from "./lua/clean.lua" with { type: "text" };
import historyPlace from "./lua/history_place.lua" with { type: "text" };
import historyPublishBody from "./lua/history_publish.lua" with { type: "text" };
import historyReadBody from "./lua/history_read.lua" with { type: "text" };
import increment from "./lua/increment.lua" with { type: "text" };
import leave from "./lua/leave.lua" with { type: "text" };
import nodes from "./lua/nodes.lua" with { type: "text" };
import partitions from "./lua/partitions.lua" with { type: "text" };
import presenceAdd from "./lua/presence_add.lua" with { type: "text" };
import presenceClean from "./lua/presence_clean.lua" with { type: "text" };
import presenceRemove from "./lua/presence_remove.lua" with { type: "text" };
import putClients from "./lua/put_clients.lua" with { type: "text" };
import revoke from "./lua/revoke.lua" with { type: "text" };
import revoked from "./lua/revoked.lua" with { type: "text" };
import quotaClaim from "./lua/quota_claim.lua" with { type: "text" };
import servicesChange from "./lua/services_change.lua" with { type: "text" };
import servicesCleanBody from "./lua/services_clean.lua" with { type: "text" };
import servicesPutBody from "./lua/services_put.lua" with { type: "text" };
import servicesRead from "./lua/services_read.lua" with { type: "text" };
import servicesRemoveBody from "./lua/services_remove.lua" with { type: "text" };

/** Every script with the number of its keys, as ioredis defines commands; the files say what they take and answer. */
export const scripts = {
  shoalBeat: { lua: beat, numberOfKeys: 6 },
  shoalBury: { lua: bury, numberOfKeys: 5 },
  shoalClean: { lua: clean, numberOfKeys: 3 },
  shoalHistoryRead: { lua: historyPlace + historyReadBody, numberOfKeys: 2 },
  shoalIncrement: { lua: increment, numberOfKeys: 1 },
  shoalLeave: { lua: leave, numberOfKeys: 3 },
  shoalNodes: { lua: nodes, numberOfKeys: 1 },
  shoalPartitions: { lua: partitions, numberOfKeys: 1 },
  shoalPresenceAdd: { lua: presenceAdd, numberOfKeys: 3 },
  shoalPresenceClean: { lua: presenceClean, numberOfKeys: 2 },
  shoalPresenceRemove: { lua: presenceRemove, numberOfKeys: 3 },
  shoalPutClients: { lua: putClients, numberOfKeys: 2 },
  shoalRevoke: { lua: revoke, numberOfKeys: 1 },
  shoalRevoked: { lua: revoked, numberOfKeys: 1 },
  shoalQuotaClaim: { lua: quotaClaim, numberOfKeys: 3 },
  shoalServicesClean: { lua: servicesChange + servicesCleanBody, numberOfKeys: 1 },
  shoalServicesPut: { lua: servicesChange + servicesPutBody, numberOfKeys: 4 },
  shoalServicesRead: { lua: servicesRead, numberOfKeys: 2 },
  shoalServicesRemove: { lua: servicesChange + servicesRemoveBody, numberOfKeys: 4 },
} as const;

/** The script of a history publish, which goes over the link of the bus. */
export function historyPublishScript(isSharded: boolean): string {
  return published(historyPlace + historyPublishBody, isSharded);
}

/** {@linkcode scripts} as a connection needs them: on a Cluster they publish by sharded pub/sub. */
export function scriptsFor(
  isSharded: boolean,
): Record<string, { readonly lua: string; readonly numberOfKeys: number }> {
  return Object.fromEntries(
    Object.entries(scripts).map((
      [name, { lua, numberOfKeys }],
    ) => [name, { lua: published(lua, isSharded), numberOfKeys }]),
  );
}

function published(lua: string, isSharded: boolean): string {
  return isSharded ? lua.replaceAll("redis.call('PUBLISH'", "redis.call('SPUBLISH'") : lua;
}

/** The scripts as methods: keys first, then arguments. */
export type ScriptCommands = {
  readonly [name in keyof typeof scripts]: (...words: readonly (string | number)[]) => Promise<unknown>;
};
