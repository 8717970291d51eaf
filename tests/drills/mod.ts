/** Every drill, in the order in which they are run. */
import type { Drill } from "./drill.ts";
import { freezeNode, killNode } from "./node_faults.ts";
import { formatChange } from "./format_change.ts";
import { reconnectStorm } from "./reconnect_storm.ts";
import { partition, redisForgets, redisHangs, redisRestarts } from "./redis_faults.ts";
import { rollingRestart } from "./rolling_restart.ts";
import { slowSubscriber } from "./slow_subscriber.ts";
import { clusterMasterKilled, sentinelFailover } from "./topology_faults.ts";

/** Faults that the cluster is put through under load. */
export const drills: readonly Drill[] = [
  killNode,
  freezeNode,
  redisHangs,
  redisRestarts,
  redisForgets,
  partition,
  sentinelFailover,
  clusterMasterKilled,
  slowSubscriber,
  reconnectStorm,
  rollingRestart,
  formatChange,
];
