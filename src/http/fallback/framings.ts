/** How frames stand in the bodies of the two streaming transports. */
import { utf8Bytes } from "../../core/utf8.ts";
import type { Frame } from "../../server/mod.ts";
import type { StreamFraming } from "./stream_socket.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Makes each frame's bytes once for all who are sent it in a row, as a broadcast does. */
function shared(make: (frame: Frame) => Bytes): (frame: Frame) => Bytes {
  let lastFrame: WeakRef<Frame> | undefined;
  let lastBytes: Bytes = new Uint8Array(0);
  return (frame) => {
    if (lastFrame?.deref() === frame) return lastBytes;
    lastFrame = new WeakRef(frame);
    return lastBytes = make(frame);
  };
}

/** Lines, each with its newline. */
export const lineFraming: StreamFraming = {
  text: shared(({ text }) => utf8Bytes(`${text}\n`)),
};

/** One event of an event stream for each frame; its lines come together again at the other end. */
export const eventFraming: StreamFraming = {
  text: shared(({ text }) => utf8Bytes(`data: ${text.replaceAll("\n", "\ndata: ")}\n\n`)),
};
