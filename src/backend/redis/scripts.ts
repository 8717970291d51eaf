import beat from "./lua/beat.lua" with { type: "text" };
import bury from "./lua/bury.lua" with { type: "text" };
import clean from "./lua/clean.lua" with { type: "text" };
import increment from "./lua/increment.lua" with { type: "text" };
import leave from "./lua/leave.lua" with { type: "text" };
import nodes from "./lua/nodes.lua" with { type: "text" };
import partitions from "./lua/partitions.lua" with { type: "text" };
import putClients from "./lua/put_clients.lua" with { type: "text" };

/** Every script with the number of its keys, as ioredis defines commands; the files say what they take and answer. */
export const scripts = {
  shoalBeat: { lua: beat, numberOfKeys: 6 },
  shoalBury: { lua: bury, numberOfKeys: 5 },
  shoalClean: { lua: clean, numberOfKeys: 3 },
  shoalIncrement: { lua: increment, numberOfKeys: 1 },
  shoalLeave: { lua: leave, numberOfKeys: 3 },
  shoalNodes: { lua: nodes, numberOfKeys: 1 },
  shoalPartitions: { lua: partitions, numberOfKeys: 1 },
  shoalPutClients: { lua: putClients, numberOfKeys: 2 },
} as const;

/** The scripts as methods: keys first, then arguments. */
export type ScriptCommands = {
  readonly [name in keyof typeof scripts]: (...words: readonly (string | number)[]) => Promise<unknown>;
};
