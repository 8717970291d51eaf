/**
 * How a connection comes into a channel and out of it. Plain subscriptions are made at once or when the bus has confirmed
 * the channel; those with more to them hold what arrives until history and presence have answered.
 */
import type { HistoryPage } from "../backend/backend.ts";
import { ClientError, type UnsubscribeName, unsubscribeTable } from "../core/errors.ts";
import { clientInfoJson } from "../protocol/client_info.ts";
import type { RequestOf } from "../protocol/commands.ts";
import { presencePush, unsubscribePush } from "../protocol/json_codec.ts";
import type { Channel, Joining } from "./channels.ts";
import type { Client } from "./context.ts";
import { expiryResult, type Grant, noGrant } from "./grants.ts";
import { isUpTo, type Joiner, type LiveChannel } from "./live_channel.ts";
import type { ChannelOptions } from "./options.ts";
import type { Publication } from "./publication.ts";
import { RECOVERY_SHARE, resume, type Resumption, wantedSince } from "./recovery.ts";
import { slowQueue } from "./slow_policy.ts";
import { Subscription } from "./subscription.ts";
import { isPlain, termsOf } from "./terms.ts";

/** A subscribe request without its channel: of a `subscribe`, or of the `subs` of a `connect`. */
export type SubscribeRequest = Omit<RequestOf<"subscribe">, "channel">;

/** Who asks, and who is told the result. */
export interface Admission {
  /** The server subscribes the client: out of position closes the connection. */
  readonly isServerSide?: boolean;
  /** What it has beside the channel. */
  readonly grant?: Grant;
  /** Called with the result, a JSON object, just before the channel's first push. */
  readonly answer: (resultJson: string) => void;
}

/**
 * Subscribes; that the client may was found out before. Throws or rejects with the reason why not; else `answer` was
 * called, unless the connection has ended.
 */
export function openSubscription(
  connection: Client,
  name: string,
  request: SubscribeRequest,
  admission: Admission,
): void | Promise<void> {
  const options = connection.context.rules.of(name);
  checkVacancy(connection, name);
  const { context, identity } = connection;
  const isRich = !isPlain(options, request);
  const terms = isRich ? termsOf(options, request, admission.isServerSide ?? false) : undefined;
  const joining = context.channels.join(identity.workspace, name);
  connection.channels.set(name, undefined);
  const attempt = { connection, request, admission, joining };
  if (isCrowded(joining.channel, options)) {
    detach(attempt);
    throw new ClientError("limitExceeded", {
      detail: `the channel has ${options.maxSubscribers} subscribers`,
    });
  }
  if (terms !== undefined) return new RichAttempt(attempt, terms).run();
  if (joining.confirmed === undefined) return attachPlain(attempt);
  return joining.confirmed.then(
    () => attachPlain(attempt),
    (error) => {
      detach(attempt);
      throw error;
    },
  );
}

/** Ends a subscription; tells the client why when `reason` is given. Does nothing when there is none. */
export function endSubscription(connection: Client, name: string, reason?: UnsubscribeName): void {
  const channel = connection.channels.get(name);
  if (channel === undefined) return;
  connection.channels.delete(name);
  connection.grants?.delete(name);
  leaveChannel(connection, channel, { comesBack: reason === "insufficientState" });
  if (reason === undefined) return;
  const { code, reason: text } = unsubscribeTable[reason];
  connection.send(unsubscribePush(channel.prefix, code, text));
}

/** Takes a connection out of a channel; one that `comesBack` at once stays present there meanwhile. */
export function leaveChannel(
  connection: Client,
  channel: Channel,
  { comesBack }: { readonly comesBack: boolean } = { comesBack: false },
): void {
  const { channels, clock, presence } = connection.context;
  const { client = "" } = connection;
  const nowMs = clock.monotonicMs();
  const subscription = channel.live?.remove(connection);
  channels.remove(channel, subscription ?? connection, nowMs);
  if (!subscription?.terms.isPresent) return;
  if (comesBack) presence.suspend(channel.key, client, nowMs);
  else presence.remove(channel.key, client);
}

/** A subscription missed something: it starts over, or its connection does when the server made it. */
export function loseSubscription(connection: Client, name: string): void {
  const subscription = connection.channels.get(name)?.live?.get(connection);
  if (subscription === undefined) return;
  connection.context.traffic.positionsLost++;
  if (subscription.terms.isServerSide) connection.close("insufficientState");
  else endSubscription(connection, name, "insufficientState");
}

/** Throws 105 when there is such a subscription already, 106 when there are too many. */
export function checkVacancy(connection: Client, name: string): void {
  const { settings } = connection.context;
  if (connection.channels.has(name)) throw new ClientError("alreadySubscribed");
  if (connection.channels.size >= settings.maxChannelsPerConnection) throw new ClientError("limitExceeded");
}

function isCrowded({ subscribers, joining }: Channel, { maxSubscribers }: ChannelOptions): boolean {
  return maxSubscribers > 0 && subscribers.size + joining > maxSubscribers;
}

interface Attempt {
  readonly connection: Client;
  readonly request: SubscribeRequest;
  readonly admission: Admission;
  readonly joining: Joining;
}

function attachPlain(attempt: Attempt): void {
  const { connection, joining: { channel } } = attempt;
  if (connection.phase === "closed") return detach(attempt);
  connection.channels.set(channel.name, channel);
  connection.context.channels.add(channel, connection);
  answerGranted(attempt, []);
}

/** Answers, and keeps what was granted; `fields` come first in the result. */
function answerGranted(
  { connection, admission, joining: { channel } }: Attempt,
  fields: readonly string[],
): void {
  const { grant = noGrant, answer } = admission;
  const { clock } = connection.context;
  const data = grant.data === undefined ? [] : [`"data":${grant.data}`];
  // First: an answer lets the next command on the channel run, which may end the subscription and its grant.
  connection.keepGrant(channel.name, grant);
  answer(`{${[...fields, ...expiryResult(grant.expiresAtMs, clock.wallMs()), ...data].join(",")}}`);
}

function detach({ connection, joining: { channel } }: Attempt): void {
  connection.channels.delete(channel.name);
  connection.context.channels.cancel(channel, connection.context.clock.monotonicMs());
}

/** What stands when history and presence have answered. */
interface Standing {
  readonly resumption: Resumption | undefined;
  readonly followUp: readonly Publication[];
}

class RichAttempt {
  readonly #attempt: Attempt;
  readonly #subscription: Subscription;
  readonly #live: LiveChannel;
  readonly #client: string;
  readonly #joiner: Joiner;
  #hasAppeared = false;
  #isAttached = false;

  constructor(attempt: Attempt, terms: Subscription["terms"]) {
    const { connection, joining: { channel } } = attempt;
    const { settings, traffic, channels } = connection.context;
    this.#attempt = attempt;
    this.#client = connection.client ?? "";
    this.#live = channels.liven(channel, settings.outboxBytes * RECOVERY_SHARE);
    const filter = terms.filter && this.#live.shareFilter(terms.filter);
    const queue = slowQueue(terms.slowPolicy, settings.outboxBytes / 4, traffic);
    this.#subscription = new Subscription(channel.name, connection, { ...terms, filter }, queue);
    this.#joiner = this.#live.join(this.#client);
  }

  async run(): Promise<void> {
    const { connection, joining } = this.#attempt;
    try {
      await joining.confirmed;
      const [page] = await Promise.all([this.#read(), this.#appear()]);
      if (connection.phase === "closed") return this.#undo();
      this.#attach(this.#stand(page));
    } catch (error) {
      // Once it is attached, it ends with its connection.
      if (!this.#isAttached) this.#undo();
      throw error;
    }
  }

  #read(): Promise<HistoryPage | undefined> {
    const { connection, request } = this.#attempt;
    const { terms } = this.#subscription;
    if (!terms.isPositioned) return Promise.resolve(undefined);
    return connection.context.history.since(this.#live.names.key, wantedSince(request, terms));
  }

  async #appear(): Promise<void> {
    const { connection, admission: { grant } } = this.#attempt;
    const { isPresent, isAnnounced } = this.#subscription.terms;
    if (!isPresent) return;
    this.#hasAppeared = true;
    const { identity: { user, connInfo } } = connection;
    const info = clientInfoJson({ user, client: this.#client, connInfo, chanInfo: grant?.chanInfo });
    await connection.context.presence.add(this.#live.names.key, { client: this.#client, info }, isAnnounced);
  }

  #stand(page: HistoryPage | undefined): Standing {
    if (page === undefined) return { resumption: undefined, followUp: [] };
    const { connection, request } = this.#attempt;
    const { settings, traffic } = connection.context;
    const followUp = this.#live.followUp(this.#joiner, page.position);
    if (followUp === undefined) {
      throw new ClientError("internal", { detail: "the channel changed while it was joined; try again" });
    }
    const maxBytes = settings.outboxBytes * RECOVERY_SHARE;
    const resumption = resume(request, this.#subscription.terms, page, maxBytes);
    traffic.countRecovery(resumption.isRecovered);
    return { resumption, followUp };
  }

  #attach({ resumption, followUp }: Standing): void {
    const { connection, joining: { channel } } = this.#attempt;
    const { channels, positions } = connection.context;
    const subscription = this.#subscription;
    const { terms } = subscription;
    const fields = [...(resumption?.fields ?? []), ...(terms.wantsDelta ? ['"delta":true'] : [])];
    this.#live.release(this.#joiner);
    subscription.begin(resumption?.position, resumption?.base);
    connection.channels.set(channel.name, channel);
    this.#live.add(subscription);
    channels.add(channel, subscription);
    this.#isAttached = true;
    answerGranted(this.#attempt, fields);
    if (this.#live.get(connection) !== subscription) return;
    for (const publication of followUp) subscription.onPublication(publication);
    this.#greet();
    if (resumption === undefined) return;
    positions.watch(this.#live);
    const heard = this.#live.position;
    if (heard !== undefined && !isUpTo(heard, resumption.position)) {
      positions.suspect(this.#live, resumption.position);
    }
  }

  /** Who wants to know of joins learns of its own too; told before, it would have come ahead of the answer. */
  #greet(): void {
    const { ownJoin } = this.#joiner;
    if (ownJoin === undefined || !this.#subscription.terms.wantsJoinLeave) return;
    this.#attempt.connection.send(presencePush(this.#live.names.prefix, "join", ownJoin));
  }

  #undo(): void {
    const { filter } = this.#subscription.terms;
    this.#live.release(this.#joiner);
    if (filter !== undefined) this.#live.dropFilter(filter);
    // Before that, whoever is held from an earlier subscription stays so.
    if (this.#hasAppeared) this.#disappear();
    detach(this.#attempt);
  }

  #disappear(): void {
    const { phase, context: { presence, clock } } = this.#attempt.connection;
    const { key } = this.#live.names;
    if (phase === "closed") presence.remove(key, this.#client);
    else presence.retract(key, this.#client, clock.monotonicMs());
  }
}
