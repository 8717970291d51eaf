import { ClientError } from "../../core/errors.ts";
import type { Line } from "../../core/frame.ts";
import { chunkPush, endPush, errorPush } from "../../protocol/service_messages.ts";
import type { Client } from "../context.ts";
import type { OpenStream, StreamSink } from "./caller.ts";

/** A stream that a connected client reads: items are pushed to it, and it grants more. */
export class ClientStream implements StreamSink {
  readonly id: string;
  readonly #connection: Client;
  readonly #onGone: () => void;
  /** What came before the client knows its id: at most what was granted at first. */
  #early: Line[] | undefined = [];
  #stream: OpenStream | undefined;
  #hasEnded = false;

  /** `onGone` is called once it has ended, whoever ended it. */
  constructor(id: string, connection: Client, onGone: () => void) {
    this.id = id;
    this.#connection = connection;
    this.#onGone = onGone;
  }

  onItem(value: string, sequence: number): void {
    if (this.#hasEnded) return;
    const line = chunkPush(this.id, sequence, value);
    const { owedBytes, context } = this.#connection;
    if (owedBytes + line.size <= context.settings.outboxBytes) return this.#push(line);
    // Better to lose the stream than the connection.
    this.#stream?.cancel();
    this.onEnd(new ClientError("busy", { detail: "the caller does not read fast enough" }));
  }

  onEnd(error: ClientError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#push(error === undefined ? endPush(this.id) : errorPush(this.id, error));
    this.#onGone();
  }

  /** The client was told the id. */
  start(stream: OpenStream): void {
    this.#stream = stream;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const line of early) this.#connection.send(line);
    // It ended, for a reader too slow, before there was a stream to cancel.
    if (this.#hasEnded) stream.cancel();
  }

  /** The client takes `count` items more. */
  grant(count: number): void {
    if (count > 0) this.#stream?.grant(count);
  }

  /** The client wants no more, or has gone. */
  cancel(): void {
    this.#hasEnded = true;
    this.#stream?.cancel();
    this.#onGone();
  }

  #push(line: Line): void {
    if (this.#early === undefined) this.#connection.send(line);
    else this.#early.push(line);
  }
}
