/** One open socket of an app: keeps its messages in order, bounds what waits, and cleans up at its end. */
import type { Counters } from "../../backend/backend.ts";
import { type CloseName, closeTable } from "../../core/errors.ts";
import { Frame } from "../../core/frame.ts";
import { randomText } from "../../core/ids.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { Channel, Channels } from "../channels.ts";
import type { ConnectionContext } from "../context.ts";
import { DEFAULT_WORKSPACE } from "../identity.ts";
import { ConnectionRates } from "../limits/mod.ts";
import type { Publication, PublicationBatch, Subscriber } from "../publication.ts";
import type { Handshake, Socket, SocketListener } from "../socket.ts";
import type { Peer } from "../peer.ts";
import type { App, AppSession } from "./app.ts";

type Message = string | Uint8Array<ArrayBuffer>;

/** What the connection needs of its node. */
export interface AppContext extends ConnectionContext {
  readonly counters: Counters;
  /** Publishes any JSON value. */
  publishValue(workspace: string, channel: string, data: unknown): Promise<void>;
}

interface Subscription {
  readonly channel: Channel;
  readonly subscriber: Subscriber;
}

/** What a message that waits costs beside its content: those without any must end somewhere too. */
const WAITING_BYTES = 64;

export class AppConnection implements SocketListener, AppSession, Peer {
  readonly id = randomText(26);
  readonly query: URLSearchParams;
  readonly counters: Counters;
  state: unknown = undefined;
  readonly #app: App;
  readonly #socket: Socket;
  readonly #context: AppContext;
  readonly #channels: Channels;
  readonly #rates: ConnectionRates | undefined;
  readonly #subscriptions: Subscription[] = [];
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #isClosed = false;

  constructor(app: App, socket: Socket, handshake: Handshake, context: AppContext) {
    this.#app = app;
    this.#socket = socket;
    this.#context = context;
    this.#channels = context.channels;
    this.query = handshake.query;
    this.counters = context.counters;
    const { rateLimits } = context;
    this.#rates = rateLimits && new ConnectionRates(rateLimits, this.#nowMs());
    context.traffic.connectionsOpened++;
    context.peers.add(this);
    this.#run(() => app.open?.(this));
  }

  get owedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  onMessage(message: Message): void {
    if (this.#isClosed) return;
    const { traffic } = this.#context;
    traffic.messagesIn++;
    traffic.bytesIn += message.length;
    if (this.#rates !== undefined && !this.#mayTake(this.#rates, message.length)) return;
    if (this.#isBusy) this.#hold(message);
    else this.#run(() => this.#app.message(this, message));
  }

  onClose(code: number, _reason: string): void {
    this.#finish(code);
  }

  send(message: unknown): void {
    if (this.#isClosed) return;
    if (message instanceof Uint8Array) return this.#sendBytes(new Uint8Array(message));
    const frame = Frame.of(typeof message === "string" ? message : payloadOf(message));
    if (this.#hasRoom(frame.size)) this.#socket.send(frame);
  }

  async subscribe(name: string, take: (data: unknown) => void): Promise<void> {
    const { channel, confirmed } = this.#channels.join(DEFAULT_WORKSPACE, name);
    try {
      await confirmed;
    } catch (error) {
      this.#channels.cancel(channel, this.#nowMs());
      throw error;
    }
    if (this.#isClosed) return this.#channels.cancel(channel, this.#nowMs());
    const onPublication = (publication: Publication) => this.#hand(publication, take);
    const onBatch = ({ publications }: PublicationBatch) => publications.forEach(onPublication);
    const subscriber: Subscriber = { onPublication, onBatch };
    this.#subscriptions.push({ channel, subscriber });
    this.#channels.add(channel, subscriber);
  }

  publish(channel: string, data: unknown): Promise<void> {
    return this.#context.publishValue(DEFAULT_WORKSPACE, channel, data);
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#finish(code);
    this.#socket.close(code, reason);
  }

  end(close: CloseName): void {
    const { code, reason } = closeTable[close];
    this.close(code, reason);
  }

  /** What an app throws must not meet the bus, which serves the whole node. */
  #hand({ data }: Publication, take: (data: unknown) => void): void {
    if (this.#isClosed) return;
    try {
      take(JSON.parse(data));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Runs one handler; what arrives meanwhile waits. */
  #run(handler: () => void | Promise<void>): void {
    try {
      const running = handler();
      if (running === undefined) return;
      this.#isBusy = true;
      running.then(() => this.#next(), (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #next(): void {
    this.#isBusy = false;
    while (!this.#isBusy && !this.#isClosed) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#waitingBytes -= costOf(message);
      this.#run(() => this.#app.message(this, message));
    }
  }

  /** An app has no way to refuse one message: whoever sends too many is closed. */
  #mayTake(rates: ConnectionRates, bytes: number): boolean {
    const nowMs = this.#nowMs();
    const hasBytes = rates.takeBytes(bytes, nowMs);
    if (hasBytes && rates.takeCommand(nowMs) === "granted") return true;
    this.#context.traffic.countLimit(hasBytes ? "commands_per_s" : "bytes_per_s");
    this.end("tooManyRequests");
    return false;
  }

  #hold(message: Message): void {
    this.#waitingBytes += costOf(message);
    if (this.#waitingBytes > this.#context.settings.outboxBytes) {
      return this.end("tooManyRequests");
    }
    this.#waiting.push(message);
  }

  #fail(error: unknown): void {
    if (!this.#isClosed) this.#context.log.error("An app failed", { connection: this.id, error });
    this.end("serverError");
  }

  #sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#hasRoom(bytes.length)) this.#socket.sendBinary(bytes);
  }

  #hasRoom(size: number): boolean {
    if (this.#socket.bufferedAmount + size > this.#context.settings.outboxBytes) {
      this.end("slow");
      return false;
    }
    const { traffic } = this.#context;
    traffic.messagesOut++;
    traffic.framesOut++;
    traffic.bytesOut += size;
    return true;
  }

  #finish(code: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    for (const { channel, subscriber } of this.#subscriptions) {
      this.#channels.remove(channel, subscriber, this.#nowMs());
    }
    this.#context.traffic.countClose(code);
    this.#context.peers.delete(this);
    this.#tellApp();
  }

  /** Through a promise, so that what it throws meets the log and not the end of its node. */
  #tellApp(): void {
    const tell = async () => await this.#app.close?.(this);
    tell().catch((error) => this.#context.log.error("An app failed", { connection: this.id, error }));
  }

  #nowMs(): number {
    return this.#context.clock.monotonicMs();
  }
}

function costOf(message: Message): number {
  return WAITING_BYTES + message.length;
}
