/** The commands of one connection on their way: read, bounded, kept in order where order is promised, and settled. */
import { ClientError, CloseError } from "../core/errors.ts";
import { type LaneMode, Lanes } from "../core/lanes.ts";
import type { Codec, Piece } from "../protocol/codec.ts";
import type { Command, CommandOf, RequestKind } from "../protocol/commands.ts";
import { runCommand } from "./commands/mod.ts";
import type { Client } from "./context.ts";
import type { RateVerdict } from "./limits/mod.ts";

/** How commands on one channel share its lane; commands of other kinds overtake freely. */
const laneModes: { readonly [K in RequestKind]?: LaneMode } = {
  subscribe: "exclusive",
  unsubscribe: "exclusive",
  // The bus keeps publishes in the order in which they were handed to it, so they need not wait for each other.
  publish: "shared",
};

export class CommandFlow {
  readonly #connection: Client;
  readonly #codec: Codec;
  readonly #lanes = new Lanes<Command>();
  #inFlight = 0;

  constructor(connection: Client, codec: Codec) {
    this.#connection = connection;
    this.#codec = codec;
  }

  /** Takes one message of a frame. */
  handle(piece: Piece): void {
    const connection = this.#connection;
    connection.context.traffic.messagesIn++;
    try {
      const command = this.#codec.decode(piece);
      if (command.kind === "pong") this.#pong();
      else if (command.kind === "refused") this.#refuseUnread(command.command, command.error);
      else this.#start(command);
    } catch (error) {
      this.#closeOver(error);
    }
  }

  /** A command was answered: what waited for it may start. */
  settle(command: CommandOf<RequestKind>): void {
    this.#inFlight--;
    this.#connection.context.traffic.commands.end(command);
    const lane = laneOf(command);
    if (lane === undefined) return;
    for (const next of this.#lanes.leave(lane)) this.#run(next);
  }

  #pong(): void {
    if (this.#connection.phase === "fresh") throw new CloseError("badRequest");
    this.#connection.isPongDue = false;
    if (this.#connection.rates !== undefined) this.#rate();
  }

  #refuseUnread(command: CommandOf<RequestKind>, error: ClientError): void {
    this.#checkOrder(command);
    if (this.#connection.rates !== undefined) this.#rate();
    this.#connection.refuse(command, error);
  }

  #checkOrder({ kind }: CommandOf<RequestKind>): void {
    if (this.#connection.phase === "fresh" && kind !== "connect") throw new CloseError("badRequest");
  }

  #start(command: Command): void {
    const connection = this.#connection;
    this.#checkOrder(command);
    if (connection.rates !== undefined && this.#rate() !== "granted") {
      return connection.refuse(command, new ClientError("tooManyRequests"));
    }
    this.#inFlight++;
    connection.context.traffic.commands.begin(command);
    const lane = laneOf(command);
    const mode = this.#modeOf(command);
    if (this.#inFlight > connection.context.settings.maxCommandsInFlight) return this.#refuse(command);
    if (lane === undefined || mode === undefined || this.#lanes.enter(lane, mode, command)) {
      this.#run(command);
    }
  }

  /** A hook may take its time for one publish, and the next must not overtake it. */
  #modeOf({ kind }: Command): LaneMode | undefined {
    if (kind === "publish" && this.#connection.context.hooks.has("onPublish")) return "exclusive";
    return laneModes[kind];
  }

  /** Counts one line against the rate of the connection, and ends who does not heed refusals. */
  #rate(): RateVerdict {
    const { rates, context } = this.#connection;
    const verdict = rates?.takeCommand(context.clock.monotonicMs()) ?? "granted";
    if (verdict === "granted") return verdict;
    context.traffic.countLimit("commands_per_s");
    if (verdict === "excessive") this.#connection.close("tooManyRequests");
    return verdict;
  }

  #refuse(command: Command): void {
    this.#inFlight--;
    this.#connection.context.traffic.commands.end(command);
    this.#connection.refuse(command, new ClientError("tooManyRequests"));
  }

  #run(command: Command): void {
    if (this.#connection.phase === "closed") return;
    try {
      const running = runCommand(this.#connection, command);
      if (running !== undefined) running.catch((error) => this.#failed(command, error));
    } catch (error) {
      this.#failed(command, error);
    }
  }

  /** What fails once its answer is out cannot be answered again: that ends the connection, and nothing else. */
  #failed(command: Command, error: unknown): void {
    try {
      this.#answerFailure(command, error);
    } catch (fault) {
      this.#logFault(command.kind, command.id, fault);
      this.#connection.close("serverError");
    }
  }

  #answerFailure(command: Command, error: unknown): void {
    if (error instanceof CloseError) return this.#closeFor(error);
    if (error instanceof ClientError) return this.#connection.fail(command, error);
    this.#logFault(command.kind, command.id, error);
    this.#connection.fail(command, new ClientError("internal", { cause: error }));
  }

  /** The client learns the reason only; whoever looks for the cause has the log. */
  #closeFor({ close, message, cause }: CloseError): void {
    const { context, client } = this.#connection;
    context.log.debug("A command ends its connection", { client, code: close.code, why: message, cause });
    this.#connection.close(close);
  }

  #closeOver(error: unknown): void {
    if (error instanceof CloseError) return this.#closeFor(error);
    this.#logFault("(decoding)", undefined, error);
    this.#connection.close("serverError");
  }

  #logFault(command: string, request: number | undefined, error: unknown): void {
    const { context, client, identity } = this.#connection;
    const { workspace } = identity;
    context.log.error("A command failed", { connection: client, workspace, request, command, error });
  }
}

function laneOf(command: CommandOf<RequestKind>): string | undefined {
  if (laneModes[command.kind] === undefined) return undefined;
  return "channel" in command.request ? command.request.channel : undefined;
}
