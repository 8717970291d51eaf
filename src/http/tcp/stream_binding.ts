/**
 * What lies under the sockets of node:net. No public interface, so nothing is taken for granted: where any part of it
 * is not as expected, the answer is undefined and the streams of node:net serve instead.
 */
import type { Socket } from "node:net";
import process from "node:process";

/** One write under way. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  buffer?: Uint8Array | undefined;
  stream?: HandleOwner | undefined;
}

/** Who is told what happens on a handle. */
export interface HandleOwner {
  /** Bytes read into the buffer, or a negative error; undefined where the binding's state has it. */
  received(count: number | undefined): void;
  written(status: number): void;
}

/** The handle of a socket. Errors are negative numbers, 0 is success. */
export interface StreamHandle {
  onread: (this: StreamHandle, data: unknown, count?: number) => void;
  stream?: HandleOwner | undefined;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

/** Where the runtime tells of the last read and write. */
export interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly state: Int32Array;
  readonly readCount: number;
  readonly lastWriteWasAsync: number;
}

const METHODS = ["readStart", "readStop", "useUserBuffer", "writeBuffer"];

/** The binding of this runtime, or undefined where it has none that we know. */
export function streamBinding(): StreamBinding | undefined {
  const binding = internalBinding("stream_wrap");
  if (binding === undefined) return undefined;
  const { WriteWrap, streamBaseState: state, kReadBytesOrError, kLastWriteWasAsync } = binding;
  if (typeof WriteWrap !== "function" || !(state instanceof Int32Array)) return undefined;
  if (typeof kReadBytesOrError !== "number" || typeof kLastWriteWasAsync !== "number") return undefined;
  return {
    WriteWrap: WriteWrap as StreamBinding["WriteWrap"],
    state,
    readCount: kReadBytesOrError,
    lastWriteWasAsync: kLastWriteWasAsync,
  };
}

/** The handle of `socket`, or undefined where it has none that we know. */
export function handleOf(socket: Socket): StreamHandle | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return undefined;
  return METHODS.every((name) => typeof Reflect.get(handle, name) === "function")
    ? handle as StreamHandle
    : undefined;
}

function internalBinding(name: string): Readonly<Record<string, unknown>> | undefined {
  const binding: unknown = Reflect.get(process, "binding");
  if (typeof binding !== "function") return undefined;
  try {
    return Object(Reflect.apply(binding, process, [name]));
  } catch {
    return undefined; // a runtime that has no such binding says so by throwing
  }
}
