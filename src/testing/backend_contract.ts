import { channelTests, nodeMessageTests } from "./backend_contract/bus.ts";
import { counterTests } from "./backend_contract/counters.ts";
import { historyTests } from "./backend_contract/history.ts";
import { historyReadTests } from "./backend_contract/history_read.ts";
import type { TestCluster } from "./backend_contract/kit.ts";
import { lifecycleTests } from "./backend_contract/lifecycle.ts";
import { presenceTests } from "./backend_contract/presence.ts";
import { quotaTests } from "./backend_contract/quotas.ts";
import { clientTests, nodeTests } from "./backend_contract/registry.ts";
import { revocationTests } from "./backend_contract/revocations.ts";
import { serviceTests } from "./backend_contract/services.ts";

export type { TestCluster, TestNode } from "./backend_contract/kit.ts";
export { RecordingListener } from "./recording_listener.ts";

const TESTS = [
  ...lifecycleTests,
  ...channelTests,
  ...nodeMessageTests,
  ...nodeTests,
  ...clientTests,
  ...counterTests,
  ...quotaTests,
  ...historyTests,
  ...historyReadTests,
  ...presenceTests,
  ...revocationTests,
  ...serviceTests,
];

/**
 * Registers a test for each promise of `backend/backend.ts` against one implementation. Every test opens a cluster of
 * its own with `open` and disposes of it at the end.
 */
export function backendContract(name: string, open: () => Promise<TestCluster>): void {
  for (const { says, run } of TESTS) {
    Deno.test(`${name} ${says}`, async () => {
      await using cluster = await open();
      await run(cluster);
    });
  }
}
