import { acceptOf } from "../../core/ws_accept.ts";
import type { Acceptor } from "../../server/mod.ts";
import { clientAddress } from "../access.ts";
import { chooseSubprotocol, type RequestHead } from "../decide.ts";
import { RequestHandshake } from "../handshake.ts";
import type { TransportOptions } from "../options.ts";
import type { ByteStream } from "./byte_stream.ts";
import { switchingHead } from "./http_writer.ts";
import { type SocketShared, TcpSocket } from "./tcp_socket.ts";

/** A request for a WebSocket that `decide` has found sound. */
export interface UpgradeRequest extends RequestHead {
  /** Query without its question mark. */
  readonly search: string;
}

/** Makes the connection a WebSocket and hands it to `acceptor`. `rest`: frames that came behind the head. */
export function upgrade(
  stream: ByteStream,
  request: UpgradeRequest,
  acceptor: Acceptor,
  rest: Uint8Array<ArrayBuffer>,
  shared: {
    readonly options: Pick<TransportOptions, "access" | "subprotocols">;
    readonly sockets: SocketShared;
  },
): void {
  const { headers, path, search } = request;
  const address = clientAddress(request, shared.options.access);
  const offered = headers.get("sec-websocket-protocol");
  const subprotocol = chooseSubprotocol(offered, shared.options.subprotocols);
  const agreement = shared.sockets.compression?.agree(headers.get("sec-websocket-extensions"));
  const key = acceptOf(headers.get("sec-websocket-key") ?? "");
  stream.write(switchingHead(key, { subprotocol, extensions: agreement?.header }));
  const socket = new TcpSocket(stream, shared.sockets, agreement?.compression);
  socket.open(acceptor, new RequestHandshake(address, path, search, headers));
  if (rest.length > 0) socket.onBytes(rest);
}
