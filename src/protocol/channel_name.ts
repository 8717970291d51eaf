/** Channel names as clients write them, and as they travel between nodes. */
import { ClientError } from "../core/errors.ts";

/** A channel within a workspace, as the bus knows it: `<workspace>/<channel>`. */
export function channelKey(workspace: string, channel: string): string {
  return `${workspace}/${channel}`;
}

/** Workspace and channel of a {@linkcode channelKey}; a workspace has no slash, a channel may. */
export function splitChannelKey(key: string): { readonly workspace: string; readonly channel: string } {
  const slash = key.indexOf("/");
  return { workspace: key.slice(0, slash), channel: key.slice(slash + 1) };
}

/** What a workspace may be called. */
export const WORKSPACE_ID = /^[a-z0-9-]{1,64}$/;

/** The namespace of a channel name: what stands before the first colon, or undefined. A leading `$` is no part. */
export function namespaceOf(channel: string): string | undefined {
  const colon = channel.indexOf(":");
  if (colon < 0) return undefined;
  return channel.slice(channel.startsWith("$") ? 1 : 0, colon);
}

/** Throws 107 unless `channel` has 1 to `maxLength` characters, all of which UTF-8 can say. */
export function checkChannelName(channel: string, maxLength: number): void {
  if (channel === "") throw new ClientError("badRequest", { detail: "the channel name is empty" });
  if (channel.length > maxLength) {
    throw new ClientError("badRequest", { detail: `a channel name has at most ${maxLength} characters` });
  }
  // Between nodes names travel as UTF-8, in which half a surrogate pair would become another name.
  if (!channel.isWellFormed()) {
    throw new ClientError("badRequest", { detail: "a channel name is Unicode text" });
  }
}
