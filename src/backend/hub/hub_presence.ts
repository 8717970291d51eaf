import type { Presence, PresenceMember } from "../backend.ts";
import type { Call } from "./calls.ts";

/** {@linkcode Presence} over calls to a hub; the members of a large channel come in several. */
export function presenceOver(call: Call): Presence {
  return {
    add: (channel, member, isAnnounced) => call("addMember", channel, member, isAnnounced),
    remove: (channel, client) => call("removeMember", channel, client),
    members: (channel) => allMembers(call, channel),
    stats: (channel) => call("memberStats", channel),
  };
}

async function allMembers(call: Call, channel: string): Promise<readonly PresenceMember[]> {
  // By client: one that left and came back between two pages is in both.
  const members = new Map<string, PresenceMember>();
  for (let next: number | undefined = 0; next !== undefined;) {
    const page: Awaited<ReturnType<typeof nextPage>> = await nextPage(call, channel, next);
    for (const member of page.members) members.set(member.client, member);
    next = page.next;
  }
  return [...members.values()];
}

function nextPage(call: Call, channel: string, from: number) {
  return call("membersPage", channel, from);
}
