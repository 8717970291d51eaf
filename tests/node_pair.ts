/** Two nodes of one cluster, in the process of the test. */
import { memoryBackend, MemoryHub } from "../src/backend/memory/mod.ts";
import { silentLogger } from "../src/core/log.ts";
import { createNode, type NodeCreation, type ShoalNode } from "../src/mod.ts";

/** Disposed of, both end. */
export interface NodePair extends AsyncDisposable {
  readonly one: ShoalNode;
  readonly two: ShoalNode;
}

/** Opens two ready nodes on free ports that log nothing. They meet in memory unless `creation` says where else. */
export async function openPair(creation: NodeCreation = {}): Promise<NodePair> {
  const meeting = creation.redisUrl === undefined ? { backend: memoryBackend(new MemoryHub()) } : {};
  const open = () => createNode({ port: 0, log: silentLogger, ...meeting, ...creation });
  const [one, two] = [await open(), await open()];
  await Promise.all([one.ready, two.ready]);
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      await Promise.all([one.close(), two.close()]);
    },
  };
}
