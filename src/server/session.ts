/**
 * One generation of a node: its id, its backend, its channels and its clients. A node that was declared dead opens a
 * new session beside the old one, whose clients keep what they have until each was asked to reconnect.
 */
import type { Backend, BackendFactory, BackendState, ClientRecord, NodeRecord } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { type ClientId, clientIdMaker, newNodeId, type NodeId, parseNodeId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import { Channels } from "./channels.ts";
import { ChannelList } from "./channel_list.ts";
import { ClientRecords } from "./client_records.ts";
import type { Client } from "./context.ts";
import { Connections } from "./connections.ts";
import { Emulation } from "./emulation/mod.ts";
import { FanOut, fanOutOptions } from "./fan_out.ts";
import { HistoryReader } from "./history_reader.ts";
import { ConnectLimits, type LimitName, WorkspaceQuota } from "./limits/mod.ts";
import { FormatCheck } from "./format_check.ts";
import { Membership } from "./membership.ts";
import { NodeCalls } from "./node_calls/mod.ts";
import { type NodeHandlers, NodeMessages } from "./node_messages.ts";
import type { NodeSettings } from "./options.ts";
import { PositionWatch } from "./position_watch.ts";
import { PresenceBook } from "./presence_book.ts";
import { PresenceReader } from "./presence_reader.ts";
import { Reach, Roster } from "./orders/mod.ts";
import { Probe } from "./probe.ts";
import { RevokedUsersBook } from "./revocations/revoked_users.ts";
import { Publisher } from "./publisher.ts";
import { RECOVERY_SHARE } from "./recovery.ts";
import type { Traffic } from "./traffic.ts";
import { ServiceExchange } from "./services/mod.ts";
import { TICK_MS } from "./tick.ts";
import { WaitingRoom } from "./waiting_room.ts";
import { Users } from "./users.ts";

/** A backend that takes this long to be reached is worth a word. */
const PATIENCE_MS = 500;

/** Notice to all nodes: the node of that id has left or was declared dead. */
const NODE_DOWN = "node.down";

/** What a session needs of its node. */
export interface SessionOwner {
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly traffic: Traffic;
  readonly nodeHandlers: NodeHandlers;
  /** What this generation says of itself. */
  describe(session: Session): NodeRecord;
  /** What the session published to itself came back, or it has learned that it understands the others. */
  onProbe(session: Session): void;
  /** The session was declared dead by the cluster. */
  onBuried(session: Session): void;
  /** The backend is gone for good. */
  onBackendClosed(session: Session): void;
}

export class Session {
  readonly id: NodeId;
  readonly backend: Backend;
  readonly channels: Channels;
  readonly connections = new Connections();
  readonly membership: Membership;
  readonly probe: Probe;
  readonly calls: NodeCalls;
  readonly publisher: Publisher;
  readonly history: HistoryReader;
  readonly presence: PresenceBook;
  readonly presenceReader: PresenceReader;
  readonly positions: PositionWatch;
  readonly waitingRoom = new WaitingRoom();
  readonly connectLimits: ConnectLimits;
  readonly formats: FormatCheck;
  /** Clients that speak over HTTP. */
  readonly emulation: Emulation;
  readonly users: Users;
  /** Reaches clients of the whole cluster. */
  readonly reach: Reach;
  /** Lists clients of the whole cluster. */
  readonly roster: Roster;
  /** Knows who is not wanted any more. */
  readonly revocations: RevokedUsersBook;
  /** Lists channels of the whole cluster. */
  readonly channelList: ChannelList;
  /** Services that clients of the cluster offer. */
  readonly services: ServiceExchange;
  /** What the application's nodes tell and ask each other. */
  readonly messages: NodeMessages;
  readonly newClientId: () => ClientId;
  readonly log: Logger;
  readonly #owner: SessionOwner;
  readonly #records: ClientRecords;
  readonly #quota: WorkspaceQuota | undefined;
  #isEnding = false;
  #saidTrouble: string | undefined;
  readonly #openedMs: number;

  constructor(factory: BackendFactory, owner: SessionOwner) {
    const { clock, settings, traffic } = owner;
    this.#owner = owner;
    this.#openedMs = clock.monotonicMs();
    this.id = newNodeId();
    this.log = owner.log.child({ node: this.id });
    this.newClientId = clientIdMaker(this.id);
    this.backend = factory(this.id, {
      onChannelMessage: (channel, message) => this.#onChannelMessage(channel, message),
      onNodeMessage: (message) => this.#onNodeMessage(message),
      onState: (state) => this.#onState(state),
    });
    const { bus, registry, history, presence } = this.backend;
    const { log } = this;
    this.channels = new Channels(bus, new FanOut(clock, fanOutOptions(settings.outboxBytes)), clock);
    this.publisher = new Publisher({ backend: this.backend, clock, traffic });
    const maxCharacters = Math.floor(settings.outboxBytes * RECOVERY_SHARE);
    this.history = new HistoryReader(history, { ...settings, maxCharacters });
    this.presenceReader = new PresenceReader(presence);
    this.presence = new PresenceBook({ presence, mayWrite: () => this.membership.mayWrite, log });
    this.positions = new PositionWatch({
      clock,
      log,
      intervalMs: settings.positionCheckIntervalMs,
      readPosition: (key) => this.history.position(key),
    });
    const { maxConnectionsPerUser: maxPerUser, maxConnectionsPerWorkspace: limit } = settings;
    const { quotas } = this.backend;
    this.#quota = limit === 0 ? undefined : new WorkspaceQuota({ quotas, limit, clock, log });
    const onHit = (name: LimitName) => traffic.countLimit(name);
    this.connectLimits = new ConnectLimits({ maxPerUser, quota: this.#quota, onHit });
    this.probe = new Probe(bus, this.id, clock);
    this.calls = new NodeCalls({ bus, self: this.id, clock, log: this.log });
    this.emulation = new Emulation(this.calls);
    this.users = new Users(bus);
    const { acknowledgeTimeoutMs: timeoutMs, nodeDeadMs } = settings;
    const parts = {
      self: this.id,
      calls: this.calls,
      connections: this.connections,
      users: this.users,
      timeoutMs,
    };
    this.reach = new Reach(parts);
    this.roster = new Roster({ ...parts, registry, nodeDeadMs });
    this.revocations = new RevokedUsersBook({
      revocations: this.backend.revocations,
      users: this.users,
      calls: this.calls,
      liveNodes: () => this.roster.liveNodes(),
      clock,
      log,
      timeoutMs,
    });
    this.channelList = new ChannelList({
      calls: this.calls,
      channels: this.channels,
      roster: this.roster,
      timeoutMs,
    });
    this.services = new ServiceExchange({
      self: this.id,
      services: this.backend.services,
      calls: this.calls,
      clock,
      log,
      mayWrite: () => this.membership.mayWrite,
      outboxBytes: settings.outboxBytes,
      tickMs: TICK_MS,
      counts: traffic.services,
    });
    this.messages = new NodeMessages(this.calls, this.roster, owner.nodeHandlers);
    this.calls.listen(NODE_DOWN, (node) => this.#onNodeDown(node));
    this.#records = new ClientRecords(registry, this.log);
    this.formats = new FormatCheck({
      node: this.id,
      registry,
      deadAfterMs: settings.nodeDeadMs,
      log: this.log,
    });
    this.membership = new Membership(registry, {
      record: () => owner.describe(this),
      expectedClients: () => ({ count: this.connections.size, pending: this.#records.pending }),
      rewriteRecords: () => this.#rewriteRecords(),
      onBuried: () => owner.onBuried(this),
      onDeath: (node) => this.#sayNodeDown(node),
    }, { limits: settings, clock, log: this.log, traffic });
  }

  /** Beats, and asks whether what is published comes back. */
  beat(): void {
    if (this.#isEnding) return;
    if (this.backend.state === "ready") this.probe.send();
    else this.#sayWhatIsWrong();
    void this.membership.beat().then(() => this.#lookAtFormats());
  }

  /** Small duties of every tick: idle channels, client records. */
  tick(): void {
    this.calls.tick();
    this.services.tick();
    const nowMs = this.#owner.clock.monotonicMs();
    const { unsubscribeDelayMs } = this.#owner.settings;
    this.channels.sweep(nowMs, unsubscribeDelayMs);
    this.users.sweep(nowMs, unsubscribeDelayMs);
    this.waitingRoom.tick();
    if (this.#isEnding || this.backend.state !== "ready") return;
    this.positions.tick(nowMs);
    if (!this.membership.mayWrite) return;
    this.#quota?.tick(nowMs);
    void this.#records.flush();
    this.presence.expire(nowMs);
    void this.presence.payDebts();
  }

  enroll(connection: Client): void {
    this.connections.add(connection);
    this.users.add(connection);
    this.#records.put(this.#recordOf(connection));
  }

  dismiss(connection: Client): void {
    this.connectLimits.give(connection);
    if (connection.client === undefined || this.connections.get(connection.client) === undefined) return;
    this.connections.remove(connection);
    this.users.remove(connection, this.#owner.clock.monotonicMs());
    this.services.release(connection.client);
    this.#records.drop(connection.client);
  }

  /** Takes this generation out of the registry in good order, and ends its connections to the backend. */
  async leave(): Promise<void> {
    this.#isEnding = true;
    try {
      if (this.backend.state === "ready") {
        await this.backend.registry.leave();
        await this.calls.tellAll(NODE_DOWN, this.id);
      }
    } catch (error) {
      this.log.warn("Could not sign off: the others will find out by the missing beat", { error });
    } finally {
      this.services.close();
      this.calls.close();
      await this.backend.close();
    }
  }

  /** Ends the connections to the backend of a generation that is buried already. */
  async abandon(): Promise<void> {
    this.#isEnding = true;
    this.services.close();
    this.calls.close();
    await this.backend.close();
  }

  async #lookAtFormats(): Promise<void> {
    if (this.formats.cause === undefined || this.#isEnding) return;
    await this.formats.look();
    // Readiness should not wait for the next probe either.
    if (this.formats.cause === undefined) this.#owner.onProbe(this);
  }

  /** Once for each cause: a node that waits for its backend says for what. */
  #sayWhatIsWrong(): void {
    const { state, trouble } = this.backend;
    const isYoung = this.#owner.clock.monotonicMs() - this.#openedMs < PATIENCE_MS;
    if (isYoung || trouble === undefined || trouble === this.#saidTrouble) return;
    this.#saidTrouble = trouble;
    this.log.warn("Waiting for the backend", { state, trouble });
  }

  /** A channel of the bus carries publications, and requests to all nodes that hold something. */
  #onChannelMessage(channel: string, message: string): void {
    this.#handle(() => {
      if (!this.calls.take(message)) this.channels.deliver(channel, message);
    });
  }

  /** Whatever is wrong with one message, it must not end the connection that brings all others. */
  #handle(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.log.error("A message of the bus could not be handled: it was dropped", { error });
    }
  }

  #sayNodeDown(node: NodeId): void {
    this.calls.tellAll(NODE_DOWN, node)
      .catch((error) =>
        this.log.debug("Could not tell the others that a node is down", { down: node, error })
      );
  }

  /** Whoever waits for that node need not wait for a deadline; a node that hears it of itself asks at once. */
  #onNodeDown(text: string): void {
    // Its own farewell comes back too: a beat now would sign the node on again.
    if (this.#isEnding) return;
    const node = nodeIdOf(text);
    if (node === this.id) void this.membership.beat();
    else if (node !== undefined) this.#forgetNode(node);
  }

  #forgetNode(node: NodeId): void {
    this.calls.forgetNode(node);
    this.services.forgetNode(node);
  }

  #onNodeMessage(message: string): void {
    this.#handle(() => this.#takeNodeMessage(message));
  }

  #takeNodeMessage(message: string): void {
    const probed = this.probe.take(message);
    if (typeof probed === "number") this.#owner.traffic.pubsubLag.observe(probed / 1000);
    if (probed !== false) this.#owner.onProbe(this);
    else if (this.services.take(message)) return;
    else if (!this.calls.take(message)) this.log.debug("A message of an unknown format was dropped");
  }

  /** The registry lost what this generation wrote. */
  async #rewriteRecords(): Promise<void> {
    this.#quota?.tellAgain();
    await this.presence.rewrite();
    await this.services.rewrite();
    await this.backend.registry.replaceClients(this.#allRecords());
  }

  #onState(state: BackendState): void {
    const { log } = this;
    if (state === "ready") {
      log.info("The backend is ready");
      this.#saidTrouble = undefined;
      // What was published while it was lost has not been heard.
      this.positions.checkAll();
      void this.revocations.checkAll();
      this.services.onReady();
      this.#quota?.tellAgain();
      this.beat(); // readiness should not wait for the timer
    } else if (state === "lost") {
      this.#owner.traffic.backendLosses++;
      log.warn("The backend is lost", { trouble: this.backend.trouble });
    } else if (state === "closed" && !this.#isEnding) this.#owner.onBackendClosed(this);
  }

  #allRecords(): readonly ClientRecord[] {
    return Array.from(this.connections.all(), (connection) => this.#recordOf(connection));
  }

  #recordOf(connection: Client): ClientRecord {
    const { client = "", identity, openedMs } = connection;
    const { clock } = this.#owner;
    const connectedMs = Math.round(clock.wallMs() - (clock.monotonicMs() - openedMs));
    return {
      client,
      workspace: identity.workspace,
      user: identity.user,
      name: connection.clientName,
      connectedMs,
    };
  }
}

function nodeIdOf(text: string): NodeId | undefined {
  try {
    return parseNodeId(text);
  } catch {
    return undefined; // a newer version may say more than an id
  }
}
