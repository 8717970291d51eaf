import assert from "node:assert/strict";
import { newNodeId } from "../../core/ids.ts";
import { EntriesByNode } from "./entries_by_node.ts";

const [a, b] = [newNodeId(), newNodeId()];

Deno.test("EntriesByNode.drop() removes a node's entries batch by batch and leaves those of others", () => {
  const entries = new EntriesByNode();
  for (const node of [a, b, a, a]) entries.add({ node });
  const drop = (most: number) => entries.drop(a, most, (entry) => entries.delete(entry));
  assert.deepEqual([drop(2), drop(2), drop(2)], [2, 1, 0]);
  assert.equal(entries.drop(b, 2, () => {}), 1);
});
