import { Buffer } from "node:buffer";

type Bytes = Uint8Array<ArrayBuffer>;

let viewed: ArrayBuffer | undefined;
let view: Buffer<ArrayBuffer> = Buffer.alloc(0);

/** The memory of `bytes` as a Buffer; the last one is kept, because it is the same read buffer over and over. */
function viewOf(bytes: Bytes): Buffer<ArrayBuffer> {
  if (bytes.buffer !== viewed) {
    viewed = bytes.buffer;
    view = Buffer.from(bytes.buffer);
  }
  return view;
}

/** Text of `bytes` from `from` to `to`, one character a byte. 60 ns for 66 bytes, where TextDecoder takes 330. */
export function latin1Text(bytes: Bytes, from: number, to: number): string {
  return viewOf(bytes).toString("latin1", bytes.byteOffset + from, bytes.byteOffset + to);
}
