/**
 * One client of the client protocol: from the open socket to its end. Commands come in and are answered through
 * `command_flow.ts`; what the client is owed leaves through the node's outbox as one frame a tick.
 */
import type { Ticket } from "../core/deadlines.ts";
import { type ClientError, type Close, CloseError, type CloseName, closeTable } from "../core/errors.ts";
import { type Frame, Line } from "../core/frame.ts";
import type { ClientId } from "../core/ids.ts";
import type { OutboxTarget } from "../core/outbox.ts";
import type { Codec, Piece } from "../protocol/codec.ts";
import type { CommandOf, RequestKind } from "../protocol/commands.ts";
import { EMPTY_OBJECT, errorLine, replyLine } from "../protocol/json_codec.ts";
import type { Channel } from "./channels.ts";
import { CommandFlow } from "./command_flow.ts";
import type { Client, ClientPhase, ConnectionContext } from "./context.ts";
import { checkExpiry, watchExpiry } from "./expiry.ts";
import { type Grant, Grants } from "./grants.ts";
import { anonymous, DEFAULT_WORKSPACE, type Identity, publisherFields } from "./identity.ts";
import { ConnectionRates } from "./limits/mod.ts";
import type { Publication, PublicationBatch } from "./publication.ts";
import { PublishRates } from "./publish_rate.ts";
import type { Socket, SocketListener } from "./socket.ts";
import { leaveChannel, loseSubscription } from "./subscribing.ts";
import type { Subscription } from "./subscription.ts";

/** How a client came. */
export interface Approach {
  /** The workspace that the URL named, if any. */
  readonly workspace: string | undefined;
  readonly codec: Codec;
  /** Address of the client, behind the proxies that are trusted. */
  readonly address: string;
  /** What its commands are posted under, when they do not come through its socket. */
  readonly session?: string;
}

interface Backlog {
  readonly pieces: Piece[];
  bytes: number;
}

/** The part of the outbox up to which what may be lost is added. */
const CONGESTED_SHARE = 0.25;

/** What a message that waits costs beside its content: those without any must end somewhere too. */
const WAITING_BYTES = 16;

const pingLine = new Line(EMPTY_OBJECT);

export class Connection implements SocketListener, OutboxTarget, Client {
  readonly context: ConnectionContext;
  readonly #socket: Socket;
  readonly #codec: Codec;
  readonly #flow: CommandFlow;
  /** Belongs to the outbox. */
  pending: Frame | undefined = undefined;
  readonly channels = new Map<string, Channel | undefined>();
  client: ClientId | undefined = undefined;
  ordinal = 0;
  identity: Identity;
  readonly pathWorkspace: string | undefined;
  readonly session: string | undefined;
  readonly #address: string;
  clientName = "";
  publisherFields = "";
  grants: Grants | undefined = undefined;
  isPongDue = false;
  readonly openedMs: number;
  readonly rates: ConnectionRates | undefined;
  #deadline: Ticket<Client>;
  /** When that is; Infinity once it has come. */
  #lookMs: number;
  #phase: ClientPhase = "fresh";
  #backlog: Backlog | undefined = undefined;
  #reservedId: ClientId | undefined = undefined;
  #publishRates: PublishRates | undefined = undefined;
  /** What is owed already while the connect is not answered: the first line must be its reply. */
  #early: Line[] = [];
  #earlyBytes = 0;

  constructor(socket: Socket, context: ConnectionContext, approach: Approach) {
    const { workspace, codec, session, address } = approach;
    this.#socket = socket;
    this.#codec = codec;
    this.#address = address;
    this.session = session;
    this.context = context;
    this.pathWorkspace = workspace;
    this.identity = anonymous(workspace ?? DEFAULT_WORKSPACE, context.isOpen);
    this.openedMs = context.clock.monotonicMs();
    const { rateLimits } = context;
    this.rates = rateLimits === undefined ? undefined : new ConnectionRates(rateLimits, this.openedMs);
    this.#flow = new CommandFlow(this, codec);
    context.traffic.connectionsOpened++;
    context.peers.add(this);
    this.#lookMs = this.openedMs + context.settings.connectTimeoutMs;
    this.#deadline = context.deadlines.add(this, this.#lookMs);
  }

  get phase(): ClientPhase {
    return this.#phase;
  }

  get owedBytes(): number {
    return this.#socket.bufferedAmount + (this.pending?.size ?? 0);
  }

  onMessage(frame: Piece): void {
    if (this.#phase === "closed") return;
    this.context.traffic.bytesIn += frame.length;
    if (this.rates !== undefined && !this.#mayTake(this.rates, frame.length)) return;
    try {
      for (const piece of this.#codec.split(frame)) this.#take(piece);
    } catch (error) {
      if (!(error instanceof CloseError)) throw error;
      this.close(error.close);
    }
  }

  onClose(code: number, reason: string): void {
    this.#finish({ code, reason });
  }

  onPublication(publication: Publication): void {
    this.send(publication.jsonLine);
  }

  onBatch(batch: PublicationBatch): void {
    this.send(batch.jsonLine);
  }

  send(line: Line): void {
    if (this.#phase === "connecting") this.#keep(line);
    else if (this.#phase !== "closed") this.context.outbox.push(this, this.#codec.encode(line));
  }

  lookAgainAt(monotonicMs: number): void {
    // The earlier look asks for the next one itself.
    if (this.#lookMs <= monotonicMs) return;
    this.#deadline.cancel();
    this.#lookMs = monotonicMs;
    this.#deadline = this.context.deadlines.add(this, monotonicMs);
  }

  get publishRates(): PublishRates {
    return this.#publishRates ??= new PublishRates();
  }

  get isCongested(): boolean {
    const waiting = this.#socket.bufferedAmount + (this.pending?.size ?? 0);
    return waiting > this.context.settings.outboxBytes * CONGESTED_SHARE;
  }

  lose(channel: string): void {
    loseSubscription(this, channel);
  }

  awaitRoom(subscription: Subscription): void {
    this.context.waitingRoom.add(subscription);
  }

  /** Called by the outbox at the end of a tick. */
  deliver(frame: Frame): void {
    if (this.#phase === "closed") return;
    const socket = this.#socket;
    if (socket.bufferedAmount + frame.size > this.context.settings.outboxBytes) return this.close("slow");
    const { traffic } = this.context;
    traffic.framesOut++;
    traffic.messagesOut += frame.lines;
    traffic.bytesOut += frame.size;
    socket.send(frame);
  }

  succeed(command: CommandOf<RequestKind>, resultJson: string): void {
    if (command.id !== 0) this.send(replyLine(command.id, command.kind, resultJson));
    this.#flow.settle(command);
  }

  fail(command: CommandOf<RequestKind>, error: ClientError): void {
    this.refuse(command, error);
    this.#flow.settle(command);
  }

  refuse(command: CommandOf<RequestKind>, error: ClientError): void {
    const { code, cause } = error;
    const { id: request, kind } = command;
    this.context.traffic.countError(code);
    this.context.log.debug("An error was answered", {
      ...this.#logFields,
      request,
      command: kind,
      code,
      cause,
    });
    if (command.id !== 0) this.send(errorLine(command.id, error));
  }

  close(close: CloseName | Close): void {
    if (this.#phase === "closed") return;
    const { code, reason } = typeof close === "string" ? closeTable[close] : close;
    if (close !== "slow") this.context.outbox.flushTarget(this);
    this.#finish({ code, reason });
    this.#socket.close(code, reason);
  }

  end(close: CloseName): void {
    this.close(close);
  }

  startConnecting(): void {
    this.#phase = "connecting";
    this.#backlog = { pieces: [], bytes: 0 };
  }

  reserveId(): ClientId {
    return this.#reservedId ??= this.context.newClientId();
  }

  keepGrant(channel: string, grant: Grant): void {
    const isEmpty = grant.expiresAtMs === undefined && grant.chanInfo === undefined;
    if (isEmpty && this.grants === undefined) return;
    this.grants ??= new Grants();
    this.grants.set(channel, grant);
    watchExpiry(this);
  }

  prepare(identity: Identity): void {
    this.identity = identity;
    this.client = this.reserveId();
    this.publisherFields = publisherFields(identity, this.client);
  }

  accept(): void {
    this.#phase = "open";
    this.context.enroll(this);
    this.context.log.debug("A client connected", this.#logFields);
  }

  reject(): void {
    this.#backlog = undefined;
    this.#early = [];
    // Another connect begins as nobody, whoever this one would have been.
    this.identity = anonymous(this.pathWorkspace ?? DEFAULT_WORKSPACE, this.context.isOpen);
    if (this.#phase === "connecting") this.#phase = "fresh";
  }

  releaseBacklog(): void {
    const pieces = this.#backlog?.pieces ?? [];
    this.#backlog = undefined;
    for (const line of this.#early.splice(0)) this.send(line);
    for (const piece of pieces) this.#take(piece);
  }

  ping(): void {
    this.isPongDue = true;
    this.send(pingLine);
  }

  checkDeadlines(): void {
    const { clock, settings, hasStalledSince } = this.context;
    this.#lookMs = Infinity;
    if (this.#phase === "open") return checkExpiry(this);
    const endMs = this.openedMs + settings.connectTimeoutMs;
    if (clock.monotonicMs() < endMs) return this.lookAgainAt(endMs);
    // 3502 tells an SDK never to return, so it must not be said when it was us who did not read.
    this.close(hasStalledSince(this.openedMs) ? "serverError" : "stale");
  }

  #mayTake(rates: ConnectionRates, bytes: number): boolean {
    if (rates.takeBytes(bytes, this.context.clock.monotonicMs())) return true;
    this.context.traffic.countLimit("bytes_per_s");
    this.close("tooManyRequests");
    return false;
  }

  #take(piece: Piece): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "connecting") this.#hold(piece);
    else this.#flow.handle(piece);
  }

  #keep(line: Line): void {
    this.#earlyBytes += line.size;
    if (this.#earlyBytes > this.context.settings.outboxBytes) return this.close("slow");
    this.#early.push(line);
  }

  #hold(piece: Piece): void {
    const backlog = this.#backlog ??= { pieces: [], bytes: 0 };
    backlog.bytes += WAITING_BYTES + piece.length;
    if (backlog.bytes > this.context.settings.pendingConnectBytes) return this.close("badRequest");
    backlog.pieces.push(piece);
  }

  #finish(close: Close): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    this.pending = undefined;
    this.#backlog = undefined;
    this.#early = [];
    this.#deadline.cancel();
    this.#leaveChannels();
    this.context.traffic.countClose(close.code);
    this.context.log.debug("A connection ended", {
      ...this.#logFields,
      code: close.code,
      reason: close.reason,
    });
    this.context.peers.delete(this);
    this.context.dismiss(this);
    if (wasOpen) this.#tellEnd(close);
  }

  #tellEnd({ code, reason }: Close): void {
    const { user, workspace } = this.identity;
    this.context.hooks.tellDisconnect({ client: this.client ?? "", user, workspace, code, reason });
  }

  /** What tells this connection from others in a log. */
  get #logFields() {
    return { connection: this.client, workspace: this.identity.workspace, address: this.#address };
  }

  #leaveChannels(): void {
    for (const channel of this.channels.values()) if (channel !== undefined) leaveChannel(this, channel);
    this.channels.clear();
    if (this.client !== undefined) this.context.presence.release(this.client);
  }
}
