import { createHash, timingSafeEqual } from "node:crypto";
import { type NodeId, parseNodeId } from "../../core/ids.ts";
import { reasonOf } from "../../core/reason.ts";
import type { Member, MemoryHub, Message } from "../memory/mod.ts";
import { decodeAppend } from "./append_text.ts";
import { runCall } from "./calls.ts";
import { FORMAT, FrameView, Kind, MAX_FRAME_BYTES, MAX_HELLO_BYTES } from "./frame.ts";
import { type ByteSource, type FrameHandler, FrameReader } from "./frame_reader.ts";
import { type ByteSink, Outbox } from "./outbox.ts";

const HELLO_WITHIN_MS = 2_000;
/** A node that is so far behind is dropped: it must not fill the hub. */
const MAX_QUEUED_BYTES = 16 << 20;

/** What a session needs of a TCP connection. */
export interface Connection extends ByteSource, ByteSink {
  close(): void;
}

/** What a session needs of its server. */
export interface SessionContext {
  readonly hub: MemoryHub;
  readonly secret: string;
  /** Told once, when the session is over, with the reason. */
  readonly onEnd: (session: Session, reason: string) => void;
}

/** One node's connection on the hub's side: a member of the {@linkcode MemoryHub} as long as the connection holds. */
export class Session implements Member, FrameHandler {
  readonly #connection: Connection;
  readonly #context: SessionContext;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader(MAX_HELLO_BYTES);
  readonly #channels = new Set<string>();
  #helloTimer: ReturnType<typeof setTimeout> | undefined;
  #node: NodeId | undefined;
  #takenCount = 0;
  #isRefused = false;
  #isOpen = true;

  constructor(connection: Connection, context: SessionContext) {
    this.#connection = connection;
    this.#context = context;
    const onBroken = (cause: unknown) => this.end(`writing failed: ${cause}`);
    this.#outbox = new Outbox({ maxBytes: MAX_QUEUED_BYTES, onBroken });
  }

  /** The node behind it, once it said hello. */
  get node(): NodeId | undefined {
    return this.#node;
  }

  /** Serves until the connection ends, whoever ends it. */
  async run(): Promise<void> {
    this.#helloTimer = setTimeout(() => this.end(this.#lateReason()), HELLO_WITHIN_MS);
    this.#outbox.start(this.#connection);
    try {
      await this.#reader.run(this.#connection, this);
      this.end("the node hung up");
    } catch (cause) {
      this.end(`reading failed: ${cause}`);
    }
  }

  /** Ends the connection and, since the node cannot come back under its id, all that the hub holds of it. Idempotent. */
  end(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#helloTimer);
    this.#connection.close();
    if (this.#node) this.#forget(this.#node);
    this.#context.onEnd(this, reason);
  }

  onFrame(frame: FrameView): void {
    if (!this.#isOpen || this.#isRefused) return;
    if (this.#node) this.#serve(this.#node, frame);
    else this.#greet(frame);
  }

  onBatchEnd(): void {
    this.#sendTaken();
  }

  takeChannelMessage(channel: string, message: Message): void {
    if (message instanceof FrameView) this.#forward(message);
    else this.#send(Kind.publish, 0, channel, message.text);
  }

  takeNodeMessage(message: Message): void {
    if (message instanceof FrameView) this.#forward(message);
    else this.#send(Kind.toNode, 0, "", message.text);
  }

  #greet(frame: FrameView): void {
    if (frame.kind !== Kind.hello) return this.end("no hello");
    const problem = this.#problemOf(frame);
    if (problem) return this.#refuse(problem);
    clearTimeout(this.#helloTimer);
    this.#reader.maxFrameBytes = MAX_FRAME_BYTES;
    this.#send(Kind.welcome, 0);
  }

  /** Joins the hub; or says what is wrong with this hello. */
  #problemOf(frame: FrameView): string | undefined {
    if (frame.number !== FORMAT) {
      return `the hub speaks format ${FORMAT}, the node ${frame.number}: start both from the same version`;
    }
    if (!isSameText(frame.first, this.#context.secret)) {
      return "the secret is wrong: start the node by its supervisor";
    }
    try {
      const node = parseNodeId(frame.second);
      this.#context.hub.join(node, this);
      this.#node = node;
    } catch (cause) {
      return reasonOf(cause);
    }
  }

  /** Says why; the node then hangs up, or the hello timer does. */
  #refuse(problem: string): void {
    this.#isRefused = true;
    this.#send(Kind.refused, 0, "", problem);
  }

  #serve(node: NodeId, frame: FrameView): void {
    const { hub } = this.#context;
    switch (frame.kind) {
      case Kind.publish:
        this.#takenCount++;
        hub.channels.publish(frame.first, frame);
        return;
      case Kind.append:
        return this.#append(frame);
      case Kind.subscribe:
        this.#subscribe(frame.first);
        return this.#send(Kind.answer, frame.number);
      case Kind.unsubscribe:
        return this.#unsubscribe(frame.first);
      case Kind.toNode:
        return this.#answerCount(frame.number, hub.sendToNode(frame.first as NodeId, frame));
      case Kind.toChannel:
        return this.#answerCount(frame.number, hub.channels.publish(frame.first, frame));
      case Kind.toAll:
        hub.sendToAll(frame);
        return this.#send(Kind.answer, frame.number);
      case Kind.call:
        return this.#call(node, frame);
      default:
        this.end(`unknown frame kind ${frame.kind}`);
    }
  }

  #append(frame: FrameView): void {
    // Answers have the order of the publishes, whatever kind they are.
    this.#sendTaken();
    try {
      const { message, options } = decodeAppend(frame.second);
      const { epoch, offset } = this.#context.hub.publishStored(frame.first, message, options);
      this.#send(Kind.stored, 0, epoch, String(offset));
    } catch (cause) {
      this.#send(Kind.notStored, 0, "", reasonOf(cause));
    }
  }

  #answerCount(number: number, receivers: number): void {
    this.#send(Kind.answer, number, "", String(receivers));
  }

  #sendTaken(): void {
    if (this.#takenCount === 0 || !this.#isOpen) return;
    this.#send(Kind.taken, this.#takenCount);
    this.#takenCount = 0;
  }

  #subscribe(channel: string): void {
    this.#channels.add(channel);
    this.#context.hub.channels.subscribe(channel, this);
  }

  #unsubscribe(channel: string): void {
    this.#channels.delete(channel);
    this.#context.hub.channels.unsubscribe(channel, this);
  }

  #call(node: NodeId, { number, first, second }: FrameView): void {
    try {
      const result = runCall(this.#context.hub, node, first, second);
      if (this.#outbox.send(Kind.answer, number, "", result)) return;
      this.#send(Kind.failed, number, "", `the answer of ${result.length} characters is too long`);
    } catch (cause) {
      this.#send(Kind.failed, number, "", reasonOf(cause));
    }
  }

  #send(kind: number, number: number, first = "", second = ""): void {
    if (this.#isOpen && !this.#outbox.send(kind, number, first, second)) this.#endStuck();
  }

  #forward({ bytes, from, to }: FrameView): void {
    if (this.#isOpen && !this.#outbox.forward(bytes, from, to)) this.#endStuck();
  }

  #endStuck(): void {
    this.end(`the node does not read: ${this.#outbox.bytes} bytes are waiting`);
  }

  #forget(node: NodeId): void {
    const { hub } = this.#context;
    hub.part(node);
    for (const channel of this.#channels) hub.channels.unsubscribe(channel, this);
    this.#channels.clear();
    hub.registry.forget(node);
  }

  #lateReason(): string {
    return this.#isRefused ? "refused" : `no hello within ${HELLO_WITHIN_MS} ms`;
  }
}

/** Compares in a time that does not tell where, or in what length, the texts differ. */
function isSameText(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
