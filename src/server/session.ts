/**
 * One generation of a node: its id, its backend, its channels and its clients. A node that was declared dead opens a
 * new session beside the old one, whose clients keep what they have until each was asked to reconnect.
 */
import type { Backend, BackendFactory, BackendState, ClientRecord, NodeRecord } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { type ClientId, clientIdMaker, newNodeId, type NodeId, parseNodeId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import { Channels } from "./channels.ts";
import { ClientRecords } from "./client_records.ts";
import type { Client } from "./context.ts";
import { Connections } from "./connections.ts";
import { FanOut } from "./fan_out.ts";
import { Membership } from "./membership.ts";
import { NodeCalls } from "./node_calls/mod.ts";
import type { NodeSettings } from "./options.ts";
import { Probe } from "./probe.ts";
import type { Traffic } from "./traffic.ts";

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
  /** What this generation says of itself. */
  describe(session: Session): NodeRecord;
  /** What the session published to itself came back. */
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
  readonly newClientId: () => ClientId;
  readonly log: Logger;
  readonly #owner: SessionOwner;
  readonly #records: ClientRecords;
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
    const { bus, registry } = this.backend;
    this.channels = new Channels(bus, new FanOut(clock));
    this.probe = new Probe(bus, this.id, clock);
    this.calls = new NodeCalls({ bus, self: this.id, clock, log: this.log });
    this.calls.listen(NODE_DOWN, (node) => this.#onNodeDown(node));
    this.#records = new ClientRecords(registry, this.log);
    this.membership = new Membership(registry, {
      record: () => owner.describe(this),
      expectedClients: () => ({ count: this.connections.size, pending: this.#records.pending }),
      rewriteClients: async () => void await registry.replaceClients(this.#allRecords()),
      onBuried: () => owner.onBuried(this),
      onDeath: (node) => this.#sayNodeDown(node),
    }, { limits: settings, clock, log: this.log, traffic });
  }

  /** Beats, and asks whether what is published comes back. */
  beat(): void {
    if (this.#isEnding) return;
    if (this.backend.state === "ready") this.probe.send();
    else this.#sayWhatIsWrong();
    void this.membership.beat();
  }

  /** Small duties of every tick: idle channels, client records. */
  tick(): void {
    this.calls.tick();
    this.channels.sweep(this.#owner.clock.monotonicMs(), this.#owner.settings.unsubscribeDelayMs);
    if (this.membership.mayWrite && !this.#isEnding) void this.#records.flush();
  }

  enroll(connection: Client): void {
    this.connections.add(connection);
    this.#records.put(this.#recordOf(connection));
  }

  dismiss(connection: Client): void {
    if (connection.client === undefined || this.connections.get(connection.client) === undefined) return;
    this.connections.remove(connection);
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
      this.calls.close();
      await this.backend.close();
    }
  }

  /** Ends the connections to the backend of a generation that is buried already. */
  async abandon(): Promise<void> {
    this.#isEnding = true;
    this.calls.close();
    await this.backend.close();
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
    if (!this.calls.take(message)) this.channels.deliver(channel, message);
  }

  #sayNodeDown(node: NodeId): void {
    this.calls.tellAll(NODE_DOWN, node)
      .catch((error) =>
        this.log.debug("Could not tell the others that a node is down", { down: node, error })
      );
  }

  /** Whoever waits for that node need not wait for a deadline; a node that hears it of itself asks at once. */
  #onNodeDown(text: string): void {
    const node = nodeIdOf(text);
    if (node === this.id) void this.membership.beat();
    else if (node !== undefined) this.calls.forgetNode(node);
  }

  #onNodeMessage(message: string): void {
    if (this.probe.take(message)) this.#owner.onProbe(this);
    else if (!this.calls.take(message)) this.log.debug("A message of an unknown format was dropped");
  }

  #onState(state: BackendState): void {
    const { log } = this;
    if (state === "ready") {
      log.info("The backend is ready");
      this.#saidTrouble = undefined;
      this.beat(); // readiness should not wait for the timer
    } else if (state === "lost") log.warn("The backend is lost", { trouble: this.backend.trouble });
    else if (state === "closed" && !this.#isEnding) this.#owner.onBackendClosed(this);
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
