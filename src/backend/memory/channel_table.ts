/** Text on its way to members. Whoever takes it reads it before returning: the sender may reuse the object. */
export interface Message {
  readonly text: string;
}

/** One node as the hub sees it. No method may throw or call back into a sender. */
export interface Member {
  takeChannelMessage(channel: string, message: Message): void;
  takeNodeMessage(message: Message): void;
}

/** Who subscribes to which channel. Holds nothing for a channel without subscribers. */
export class ChannelTable {
  readonly #subscribers = new Map<string, Set<Member>>();

  /** Adds `member` to `channel`. Idempotent. */
  subscribe(channel: string, member: Member): void {
    const members = this.#subscribers.get(channel);
    if (members) members.add(member);
    else this.#subscribers.set(channel, new Set([member]));
  }

  /** Takes `member` out of `channel`. Idempotent. */
  unsubscribe(channel: string, member: Member): void {
    const members = this.#subscribers.get(channel);
    if (!members?.delete(member)) return;
    if (members.size === 0) this.#subscribers.delete(channel);
  }

  /** Hands `message` to every subscriber of `channel`, before it returns. Answers how many they are. */
  publish(channel: string, message: Message): number {
    const members = this.#subscribers.get(channel);
    if (!members) return 0;
    for (const member of members) member.takeChannelMessage(channel, message);
    return members.size;
  }

  /** Channels with at least one subscriber. */
  get size(): number {
    return this.#subscribers.size;
  }
}
