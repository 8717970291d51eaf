import assert from "node:assert/strict";
import type { QuotaClaim, Quotas } from "../../backend/backend.ts";
import { CloseError } from "../../core/errors.ts";
import { silentLogger } from "../../core/log.ts";
import { settle } from "../../testing/fake_socket.ts";
import { WorkspaceQuota } from "./workspace_quota.ts";

/** A backend in which the others hold `others`, and which fails while `isAway`. */
class FakeQuotas implements Quotas {
  readonly claims: QuotaClaim[] = [];
  others = 0;
  isAway = false;

  async claim(_name: string, claim: QuotaClaim): Promise<number> {
    this.claims.push(claim);
    await Promise.resolve();
    if (this.isAway) throw new Error("away");
    return Math.max(0, Math.min(claim.more, claim.limit - claim.held - this.others));
  }
}

function quotaOf(limit: number) {
  const quotas = new FakeQuotas();
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const quota = new WorkspaceQuota({ quotas, limit, clock, log: silentLogger });
  const tickAt = async (at: number) => {
    quota.tick(nowMs = at);
    await settle();
  };
  return { quotas, quota, tickAt };
}

function outcomes(taken: readonly Promise<void>[]): Promise<readonly string[]> {
  return Promise.all(taken.map((each) => each.then(() => "in", (error) => codeOf(error))));
}

function codeOf(error: unknown): string {
  return error instanceof CloseError ? String(error.close.code) : "failed";
}

Deno.test("WorkspaceQuota.take() asks once for all who come meanwhile, and refuses those past the limit", async () => {
  const { quotas, quota } = quotaOf(3);
  quotas.others = 1;
  assert.deepEqual(await outcomes([quota.take("w"), quota.take("w"), quota.take("w")]), ["in", "in", "3504"]);
  const asked = quotas.claims.map(({ held, more }) => [held, more]);
  assert.deepEqual(asked, [[0, 1], [1, 2]]);
});

Deno.test("WorkspaceQuota.tick() tells what was given back, once, and forgets a workspace without connections", async () => {
  const { quotas, quota, tickAt } = quotaOf(2);
  await outcomes([quota.take("w"), quota.take("w")]);
  quota.give("w");
  quotas.claims.length = 0;
  for (const at of [100, 200, 300]) await tickAt(at);
  assert.deepEqual(quotas.claims, [{ held: 1, more: 0, limit: 2 }]);
  quota.give("w");
  for (const at of [400, 500, 700_000]) await tickAt(at);
  assert.equal(quotas.claims.length, 2);
});

Deno.test("WorkspaceQuota.tick() tells an unchanged share again after ten minutes", async () => {
  const { quotas, quota, tickAt } = quotaOf(2);
  await quota.take("w");
  for (const at of [1_000, 599_000, 601_000, 602_000]) await tickAt(at);
  assert.deepEqual(quotas.claims.slice(1), [{ held: 1, more: 0, limit: 2 }]);
});

Deno.test("WorkspaceQuota.take() fails with the backend, and tells the share again when that is back", async () => {
  const { quotas, quota, tickAt } = quotaOf(2);
  await quota.take("w");
  quotas.isAway = true;
  assert.deepEqual(await outcomes([quota.take("w")]), ["failed"]);
  quotas.isAway = false;
  quotas.claims.length = 0;
  for (const at of [500, 1_100, 1_200]) await tickAt(at);
  assert.deepEqual(quotas.claims, [{ held: 1, more: 0, limit: 2 }]);
});

Deno.test("WorkspaceQuota.tellAgain() has every share told with the next tick after a pause", async () => {
  const { quotas, quota, tickAt } = quotaOf(2);
  await quota.take("w");
  await settle();
  quota.tellAgain();
  await tickAt(2_000);
  assert.deepEqual(quotas.claims.slice(1), [{ held: 1, more: 0, limit: 2 }]);
});
