/**
 * Which life of which Redis a connection talks to: run id and replication id. They change with a restart and a failover,
 * and with them what was acknowledged may have been rolled back. Answers "" for a field that the text of INFO lacks.
 */
export function generationOf(serverInfo: string, replicationInfo: string): string {
  return `${infoField(serverInfo, "run_id")}:${infoField(replicationInfo, "master_replid")}`;
}

/**
 * The generation as histories store it, and `lua/history_place.lua` writes it: a hash with a value of more than 64 bytes
 * takes Redis five times the memory.
 */
export function shortGeneration(generation: string): string {
  const [runId = "", replicationId = ""] = generation.split(":");
  return `${runId.slice(0, 16)}:${replicationId.slice(0, 16)}`;
}

/**
 * Why a Redis with these texts of INFO cannot serve a node; undefined when nothing speaks against it. What `allkeys-*`
 * would evict, tombstones and positions among it, cannot be done without.
 */
export function infoTrouble(...infos: readonly string[]): string | undefined {
  const info = infos.join("\n");
  if (infoField(info, "role") === "slave") return "it is a replica, and only a master can serve a node";
  const policy = /^maxmemory_policy:(allkeys-\w+)/m.exec(info)?.[1];
  if (policy === undefined) return undefined;
  return `its eviction policy is ${policy}, which drops what the cluster cannot do without; ` +
    "set maxmemory-policy to noeviction";
}

function infoField(info: string, name: string): string {
  return new RegExp(`^${name}:(\\w+)`, "m").exec(info)?.[1] ?? "";
}
