/** Methods that keep users out, and let them in again. */
import type { ApiHandler } from "./api_call.ts";

export const revokeUser: ApiHandler<"revoke_user"> = async ({ node }, workspace, { user, for_s }) => ({
  ...await node.session.revocations.revoke(workspace, user, for_s * 1000),
});

export const restoreUser: ApiHandler<"restore_user"> = async ({ node }, workspace, { user }) => {
  await node.session.revocations.restore(workspace, user);
  return {};
};
