/**
 * Clients whose replies leave by a stream and whose commands come by posts, each of which may reach any node: the node
 * that holds the stream is named in the post, and gets it by a node call.
 */
import { ClientError } from "../../core/errors.ts";
import { type NodeId, parseNodeId, randomText } from "../../core/ids.ts";
import {
  decodeForwardedPost,
  type EmulationPost,
  encodeForwardedPost,
  type ForwardedPost,
} from "../../protocol/emulation_post.ts";
import type { Client } from "../context.ts";
import type { NodeCalls } from "../node_calls/mod.ts";
import type { Socket, SocketListener } from "../socket.ts";
import type { EmulatedSocket } from "./emulated_socket.ts";

/** A client that listens to its socket. */
export type EmulatedClient = SocketListener & Pick<Client, "identity">;

const METHOD = "emulation.post";
/** 26 characters of 5 bits: whoever has it is the client, so it must not be guessed. */
const SESSION_CHARS = 26;
/** How long a node may take to take a post; it only parses it. */
const TIMEOUT_MS = 5_000;

/** The streams of one generation of a node. Safe to call concurrently. */
export class Emulation {
  readonly #calls: Pick<NodeCalls, "call" | "serve">;
  /** By session; as many as there are open streams. */
  readonly #clients = new Map<string, EmulatedClient>();

  constructor(calls: Pick<NodeCalls, "call" | "serve">) {
    this.#calls = calls;
    calls.serve(METHOD, ({ payload }) => this.#take(decodeForwardedPost(payload)));
  }

  /** Open streams. */
  get size(): number {
    return this.#clients.size;
  }

  /** Opens a session over `socket`; `makeClient` is given what to tell the client at connect. */
  open(
    socket: EmulatedSocket,
    makeClient: (socket: Socket, session: string) => EmulatedClient,
  ): SocketListener {
    const session = randomText(SESSION_CHARS);
    const client = makeClient(socket, session);
    this.#clients.set(session, client);
    return {
      onMessage: (data) => client.onMessage(data),
      onClose: (code, reason) => {
        this.#clients.delete(session);
        client.onClose(code, reason);
      },
    };
  }

  /**
   * Hands a post to its client, here or on another node. Rejects with 404 when there is no such session (any more), or
   * none in `workspace`; else as {@linkcode NodeCalls.call} does.
   */
  async post({ node, ...post }: EmulationPost, workspace: string | undefined): Promise<void> {
    const target = nodeIdOf(node);
    await this.#calls.call(target, METHOD, encodeForwardedPost({ ...post, workspace }), TIMEOUT_MS);
  }

  #take(post: ForwardedPost | undefined): string {
    const client = post && this.#clients.get(post.session);
    // One answer for all that is wrong: it tells nobody which sessions there are elsewhere.
    if (post === undefined || client === undefined || !isIn(client, post.workspace)) throw unknownSession();
    client.onMessage(post.data);
    return "";
  }
}

function isIn({ identity }: EmulatedClient, workspace: string | undefined): boolean {
  return workspace === undefined || identity.workspace === workspace;
}

function nodeIdOf(text: string): NodeId {
  try {
    return parseNodeId(text);
  } catch {
    throw unknownSession();
  }
}

function unknownSession(): ClientError {
  return new ClientError("notFound", { detail: "no such session: its stream has ended; connect again" });
}
