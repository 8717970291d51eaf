/**
 * How the nodes of a cluster ask each other: requests with a deadline that the asked node answers itself, so that a
 * missing answer is a failure with a name. Over the bus, at most once, in order between two nodes.
 */
import type { Bus } from "../../backend/backend.ts";
import type { Clock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { Logger } from "../../core/log.ts";
import {
  answerRecord,
  decodePacket,
  failureRecord,
  isPacket,
  type NodeRecordOf,
  noticeRecord,
  packetHead,
  requestRecord,
} from "../../protocol/node_packet.ts";
import { type CallLimits, CallTable } from "./call_table.ts";
import { Packets } from "./packets.ts";
import { type NodeMethod, type NoticeListener, Serving } from "./serving.ts";
import {
  type Gathered,
  goneError,
  ManyAnswers,
  type NodeAnswer,
  NotDeliveredError,
  OneAnswer,
} from "./waiting.ts";

/** Bounds and pace. */
export interface NodeCallOptions {
  /** Of requests that this node waits for, and again of those that it serves. */
  readonly limits: CallLimits;
  /** Longest payload of a request, an answer or a notice, in characters. */
  readonly maxPayloadChars: number;
  /** How often {@linkcode NodeCalls.tick} is called, milliseconds: no deadline is more than this late. */
  readonly tickMs: number;
}

/** Dead nodes that are remembered. */
const MAX_GONE = 1_024;
const MIB = 1024 * 1024;

/** Enough for tens of thousands of calls a second; a payload stays well below what a backend takes. */
export const defaultNodeCallOptions: NodeCallOptions = {
  limits: { maxCalls: 65_536, maxChars: 32 * MIB },
  maxPayloadChars: 2 * MIB,
  tickMs: 100,
};

/** What the nodes of a survey said. */
export interface Survey {
  readonly answers: readonly NodeAnswer[];
  /** Nodes without an answer, and why. */
  readonly missing: readonly { readonly node: NodeId; readonly error: ClientError }[];
}

/** What calls need of their node. */
export interface NodeCallParts {
  readonly bus: Pick<Bus, "sendToNode" | "sendToChannel" | "sendToAll">;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options?: NodeCallOptions;
}

/** One node's calls, both ways. Safe to call concurrently. */
export class NodeCalls {
  readonly #bus: NodeCallParts["bus"];
  readonly #self: NodeId;
  readonly #clock: Clock;
  /** Where faults of methods and listeners are told. */
  readonly log: Logger;
  readonly #options: NodeCallOptions;
  readonly #packets: Packets;
  readonly #table: CallTable;
  readonly #serving: Serving;
  /** An id never comes back, but a frozen process still counts as a receiver. */
  readonly #gone = new Set<NodeId>();

  constructor({ bus, self, clock, log, options = defaultNodeCallOptions }: NodeCallParts) {
    this.#bus = bus;
    this.#self = self;
    this.#clock = clock;
    this.log = log;
    this.#options = options;
    this.#packets = new Packets(bus, self);
    this.#table = new CallTable(options.limits, options.tickMs, clock.monotonicMs());
    this.#serving = new Serving(options.limits, log);
  }

  /** Requests of this node that wait for an answer. */
  get pending(): number {
    return this.#table.size;
  }

  /** Serves `method` (a-z, 0-9, "_", "."). Throws `TypeError` when it is served already. */
  serve(method: string, handler: NodeMethod): void {
    this.#serving.add(method, handler);
  }

  /** Takes the notices `method`. Throws `TypeError` when somebody takes them already. */
  listen(method: string, listener: NoticeListener): void {
    this.#serving.listen(method, listener);
  }

  /**
   * Asks `node`; asking this node itself needs no backend. Rejects with what the method threw, 104 when the node does
   * not know the method, 408 when it did not answer in time (whether it acted is unknown), 410 when it is gone, 413
   * when the payload is too large, 111 when too much is under way, 100 when the backend does not take it.
   */
  call(node: NodeId, method: string, payload: string, timeoutMs: number): Promise<string> {
    // No `async`: it would cost each call two promises more.
    try {
      return this.#ask(node, method, payload, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Asks every node that subscribes to the bus channel `channel`, this one included if it does. Resolves when all that
   * the backend counted have answered, else at the deadline with the answers that came, possibly none. Rejects with 100
   * when the backend does not take it.
   */
  async gather(
    channel: string,
    method: string,
    payload: string,
    timeoutMs: number,
  ): Promise<Gathered> {
    this.#checkSize(payload);
    const waiting = new ManyAnswers(this.#table, payload.length);
    waiting.id = this.#table.enter(waiting, this.#clock.monotonicMs() + timeoutMs);
    const record = requestRecord(waiting.id, Math.ceil(timeoutMs), method, payload);
    this.#bus.sendToChannel(channel, packetHead(this.#self) + record).then(
      (receivers) => waiting.onSent(receivers),
      (error) => waiting.onUnsent(error),
    );
    return await waiting.gathered;
  }

  /** Asks each of `nodes` and waits for all. Never rejects: what went wrong is said of each node. */
  async survey(
    nodes: readonly NodeId[],
    method: string,
    payload: string,
    timeoutMs: number,
  ): Promise<Survey> {
    const answers: NodeAnswer[] = [];
    const missing: { node: NodeId; error: ClientError }[] = [];
    await Promise.all(nodes.map((node) =>
      this.call(node, method, payload, timeoutMs).then(
        (answer) => answers.push({ node, payload: answer }),
        (error) => missing.push({ node, error }),
      )
    ));
    return { answers, missing };
  }

  /** Tells `node` without waiting; that it was lost shows nowhere. Throws 413. */
  tell(node: NodeId, method: string, payload: string): void {
    this.#checkSize(payload);
    if (node === this.#self) queueMicrotask(() => this.#serving.notice(method, payload, node));
    else this.#packets.push(node, noticeRecord(method, payload));
  }

  /** Tells every node, this one included. Resolves when the backend took it; rejects with 413 or 100. */
  async tellAll(method: string, payload: string): Promise<void> {
    this.#checkSize(payload);
    await this.#bus.sendToAll(packetHead(this.#self) + noticeRecord(method, payload));
  }

  /** Takes a message of the bus; false when it is no packet. */
  take(message: string): boolean {
    if (!isPacket(message)) return false;
    const packet = decodePacket(message);
    if (packet === undefined) this.log.warn("A packet of another node cannot be read: it was dropped");
    for (const record of packet?.records ?? []) if (packet) this.#takeRecord(record, packet.from);
    return true;
  }

  /** Ends the requests whose deadline has passed. */
  tick(): void {
    this.#table.expire(this.#clock.monotonicMs());
  }

  /** `node` has left or was declared dead: what it was asked, or will be, fails at once (410). */
  forgetNode(node: NodeId): void {
    this.#gone.add(node);
    const [oldest] = this.#gone;
    if (this.#gone.size > MAX_GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#table.endNode(node, goneError());
  }

  /** Sends what was gathered, and fails all that still waits. */
  close(): void {
    this.#packets.flush();
    this.#table.endAll(new ClientError("internal", { detail: "the node is closing" }));
  }

  #ask(node: NodeId, method: string, payload: string, timeoutMs: number): Promise<string> {
    this.#checkSize(payload);
    if (node === this.#self) return this.#callSelf(method, payload, timeoutMs);
    if (this.#gone.has(node)) throw new NotDeliveredError();
    const waiting = new OneAnswer(this.#table, node, payload.length);
    waiting.id = this.#table.enter(waiting, this.#clock.monotonicMs() + timeoutMs);
    this.#packets.push(node, requestRecord(waiting.id, Math.ceil(timeoutMs), method, payload), waiting);
    return waiting.answer;
  }

  #callSelf(method: string, payload: string, timeoutMs: number): Promise<string> {
    const waiting = new OneAnswer(this.#table, this.#self, payload.length);
    const id = this.#table.enter(waiting, this.#clock.monotonicMs() + timeoutMs);
    // Later, as from any other node: a caller need not expect its own handlers to run inside the call.
    queueMicrotask(() =>
      this.#serving.start(method, { from: this.#self, payload, leftMs: timeoutMs }, (answer, error) => {
        if (error === undefined) this.#table.answer(id, this.#self, answer ?? "");
        else this.#table.fail(id, this.#self, error);
      })
    );
    return waiting.answer;
  }

  #takeRecord(record: NodeRecordOf, from: NodeId): void {
    switch (record.kind) {
      case "request":
        return this.#serve(record, from);
      case "answer":
        return this.#table.answer(record.id, from, record.payload);
      case "failure":
        return this.#table.fail(record.id, from, new ClientError(record.error));
      case "notice":
        return this.#serving.notice(record.method, record.payload, from);
      default:
        record satisfies never;
    }
  }

  #serve({ id, method, payload, leftMs }: NodeRecordOf & { kind: "request" }, from: NodeId): void {
    this.#serving.start(method, { from, payload, leftMs }, (answer = "", error) => {
      const failure = error ?? this.#sizeError(answer);
      const record = failure === undefined ? answerRecord(id, answer) : failureRecord(id, failure);
      this.#packets.push(from, record);
    });
  }

  #checkSize(payload: string): void {
    const error = this.#sizeError(payload);
    if (error !== undefined) throw error;
  }

  #sizeError({ length }: string): ClientError | undefined {
    const { maxPayloadChars } = this.#options;
    if (length <= maxPayloadChars) return undefined;
    return new ClientError("tooLarge", { detail: `${length} characters, want at most ${maxPayloadChars}` });
  }
}
