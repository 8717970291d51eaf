import type { Socket } from "node:net";
import type { ByteStream } from "./byte_stream.ts";
import { HandleStreams } from "./handle_stream.ts";
import { NodeStream } from "./node_stream.ts";
import { handleOf, streamBinding } from "./stream_binding.ts";

/** Makes a stream of an accepted socket that nobody has read from. */
export type StreamOpener = (socket: Socket) => ByteStream;

/** The fastest streams that this runtime has. */
export function streamOpener(): StreamOpener {
  const binding = streamBinding();
  if (binding === undefined) return openNodeStream;
  const streams = new HandleStreams(binding);
  return (socket) => {
    const handle = handleOf(socket);
    return handle === undefined ? openNodeStream(socket) : streams.open(socket, handle);
  };
}

/** The streams that every runtime with node:net has. */
export function openNodeStream(socket: Socket): ByteStream {
  return new NodeStream(socket);
}
