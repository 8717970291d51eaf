import { memoryBackend, MemoryHub } from "../src/backend/memory/mod.ts";
import { newNodeId, type NodeId } from "../src/core/ids.ts";
import { backendContract, RecordingListener } from "../src/testing/backend_contract.ts";

backendContract("memoryBackend()", () => {
  const open = memoryBackend(new MemoryHub());
  return Promise.resolve({
    node(id: NodeId = newNodeId()) {
      const listener = new RecordingListener();
      return Promise.resolve({ backend: open(id, listener), listener });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
