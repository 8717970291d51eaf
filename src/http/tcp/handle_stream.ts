/**
 * A connection of node:net without the streams around it: the handle under a socket of node:net reads into ONE
 * buffer for all connections and writes to the kernel at once, with no promise, no copy and no object for each write.
 * Measured against `Deno.Conn` and the streams in docs/decisions/0007. The handle is no public interface:
 * `stream_binding.ts` looks whether it is there, and `node_stream.ts` does without.
 */
import type { Socket } from "node:net";
import { joinBytes } from "../../core/join_bytes.ts";
import type { ByteReader, ByteStream } from "./byte_stream.ts";
import type { HandleOwner, StreamBinding, StreamHandle, WriteRequest } from "./stream_binding.ts";

/** All reads go through this buffer: what is not used up is copied by the reader. */
const READ_BYTES = 64 * 1024;
/** What a slow reader is owed leaves in pieces of so many bytes. */
const GATHER_BYTES = 64 * 1024;
/** What libuv says at the end of the peer's half. */
const END_OF_FILE = -4095;
const nobody: ByteReader = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

type Bytes = Uint8Array<ArrayBuffer>;

/** Makes streams of sockets that were accepted with `pauseOnConnect`. */
export class HandleStreams {
  readonly binding: StreamBinding;
  readonly readBuffer: Bytes = new Uint8Array(READ_BYTES);
  #request: WriteRequest;

  constructor(binding: StreamBinding) {
    this.binding = binding;
    this.#request = this.#newRequest();
  }

  open(socket: Socket, handle: StreamHandle): ByteStream {
    return new HandleStream(socket, handle, this);
  }

  /** The request for the next write. It serves again until a write takes it along. */
  get request(): WriteRequest {
    return this.#request;
  }

  /** A write is under way with the request. */
  takeRequest(): WriteRequest {
    const taken = this.#request;
    this.#request = this.#newRequest();
    return taken;
  }

  #newRequest(): WriteRequest {
    const request = new this.binding.WriteWrap();
    request.oncomplete = onWritten;
    return request;
  }
}

class HandleStream implements ByteStream, HandleOwner {
  readonly #socket: Socket;
  readonly #handle: StreamHandle;
  readonly #streams: HandleStreams;
  #reader: ByteReader = nobody;
  #queue: Bytes[] | undefined;
  #pendingBytes = 0;
  #inFlightBytes = 0;
  #isEnding = false;
  #isDestroyed = false;

  constructor(socket: Socket, handle: StreamHandle, streams: HandleStreams) {
    this.#socket = socket;
    this.#handle = handle;
    this.#streams = streams;
    socket.on("error", ignore);
    handle.stream = this;
    handle.onread = onRead;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  read(reader: ByteReader): void {
    const isFirst = this.#reader === nobody;
    this.#reader = reader;
    if (!isFirst || this.#isDestroyed) return;
    this.#handle.useUserBuffer(this.#streams.readBuffer);
    this.resume();
  }

  pause(): void {
    if (!this.#isDestroyed) this.#handle.readStop();
  }

  resume(): void {
    if (!this.#isDestroyed) this.#handle.readStart();
  }

  write(bytes: Bytes): void {
    if (this.#isDestroyed || this.#isEnding) return;
    if (this.#inFlightBytes === 0) return this.#send(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#queue === undefined) this.#queue = [bytes];
    else this.#queue.push(bytes);
  }

  end(): void {
    if (this.#isDestroyed || this.#isEnding) return;
    this.#isEnding = true;
    if (this.#inFlightBytes === 0) this.#socket.end();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#queue = undefined;
    this.#pendingBytes = 0;
    this.#handle.stream = undefined;
    this.#socket.destroy();
    queueMicrotask(() => this.#reader.onClose());
  }

  /** Called by the shared handlers only. */
  received(told: number | undefined): void {
    if (this.#isDestroyed) return;
    const { binding, readBuffer } = this.#streams;
    const count = told ?? binding.state[binding.readCount] ?? 0;
    if (count > 0) this.#reader.onBytes(readBuffer.subarray(0, count));
    else if (count === END_OF_FILE) this.#reader.onEnd();
    else if (count < 0) this.destroy();
  }

  /** Called by the shared handlers only. */
  written(status: number): void {
    if (this.#isDestroyed) return;
    if (status < 0) return this.destroy();
    this.#pendingBytes -= this.#inFlightBytes;
    this.#inFlightBytes = 0;
    while (this.#inFlightBytes === 0 && this.#queue !== undefined) this.#sendQueued(this.#queue);
    if (this.#inFlightBytes > 0 || this.#isDestroyed) return;
    if (this.#isEnding) this.#socket.end();
    this.#reader.onDrain();
  }

  #sendQueued(queue: Bytes[]): void {
    const bytes = gather(queue);
    if (queue.length === 0) this.#queue = undefined;
    this.#pendingBytes -= bytes.length;
    this.#send(bytes);
  }

  #send(bytes: Bytes): void {
    if (bytes.length === 0) return;
    const { binding, request } = this.#streams;
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) return this.destroy();
    if (binding.state[binding.lastWriteWasAsync] === 0) return;
    const taken = this.#streams.takeRequest();
    taken.stream = this;
    // The kernel has not taken all: the memory must live until it has.
    taken.buffer = bytes;
    this.#inFlightBytes = bytes.length;
    this.#pendingBytes += bytes.length;
  }
}

/** Takes bytes from the front of `queue`, joined up to {@linkcode GATHER_BYTES}: a system call for each is dear. */
function gather(queue: Bytes[]): Bytes {
  let size = 0;
  let count = 0;
  for (const bytes of queue) {
    if (count > 0 && size + bytes.length > GATHER_BYTES) break;
    size += bytes.length;
    count++;
  }
  const taken = queue.splice(0, count);
  return taken.length === 1 && taken[0] !== undefined ? taken[0] : joinBytes(taken);
}

function onRead(this: StreamHandle, _data: unknown, count?: number): void {
  this.stream?.received(count);
}

function onWritten(this: WriteRequest, status: number): void {
  this.buffer = undefined;
  this.stream?.written(status);
}

function ignore(): void {}
