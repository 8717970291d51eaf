/** The services of one node generation: what its clients offer, and what they and its HTTP callers call. */
import type { Services } from "../../backend/backend.ts";
import type { Clock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { type NodeId, randomText } from "../../core/ids.ts";
import type { Logger } from "../../core/log.ts";
import type { FunctionShape, ServiceShape } from "../../protocol/service_requests.ts";
import { readServiceWord } from "../../protocol/service_messages.ts";
import type { Client, ClientServices } from "../context.ts";
import type { NodeCalls } from "../node_calls/mod.ts";
import type { ServiceCounts } from "../service_counts.ts";
import { Caller, type OpenStream, type ServiceCall, type StreamSink } from "./caller.ts";
import { ClientStream } from "./client_stream.ts";
import { Directory } from "./directory.ts";
import { Host } from "./host.ts";
import type { LocalProvider } from "./hosted_call.ts";
import { Leash } from "./leash.ts";
import { MAX_SERVICES_PER_CLIENT, MAX_STREAMS_PER_CLIENT } from "./limits.ts";
import {
  functionShape,
  listServices,
  type ServiceDescriptor,
  type ServiceDetails,
  serviceDetails,
} from "./listing.ts";
import { localOffer } from "./local_offer.ts";
import { OfferBook } from "./offer_book.ts";

const STREAM_ID_CHARACTERS = 16;

/** What services need of their node. */
export interface ServiceExchangeParts {
  readonly self: NodeId;
  readonly services: Services;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly mayWrite: () => boolean;
  readonly outboxBytes: number;
  /** How often {@linkcode ServiceExchange.tick} is called, milliseconds. */
  readonly tickMs: number;
  readonly counts: ServiceCounts;
}

/** See {@linkcode ServiceExchange.running}. */
export interface ServicesRunning {
  readonly hosted: number;
  readonly calls: number;
  readonly streams: number;
  readonly callers: number;
}

/** A client that calls. */
interface CallingClient {
  readonly leash: Leash;
  readonly streams: Map<string, ClientStream>;
}

/** Safe to call concurrently. */
export class ServiceExchange implements ClientServices {
  readonly #book: OfferBook;
  readonly #directory: Directory;
  readonly #host: Host;
  readonly #caller: Caller;
  readonly #calling = new Map<string, CallingClient>();

  constructor(parts: ServiceExchangeParts) {
    this.#book = new OfferBook(parts);
    this.#directory = new Directory(parts);
    this.#host = new Host(parts);
    this.#caller = new Caller({ ...parts, directory: this.#directory });
  }

  /** `client` offers a service, or offers it otherwise, until it unregisters it or goes. Rejects with 106, 107, 413, or
   * 100 when the backend is away. */
  async register(connection: Client, shape: ServiceShape): Promise<void> {
    const { client = "", identity: { workspace } } = connection;
    const offer = localOffer(workspace, shape);
    const provider = this.#providerOf(connection, client);
    if (!provider.offers.has(shape.id) && provider.offers.size >= MAX_SERVICES_PER_CLIENT) {
      throw new ClientError("limitExceeded", {
        detail: `a client offers at most ${MAX_SERVICES_PER_CLIENT} services`,
      });
    }
    offer.running = provider.offers.get(shape.id)?.running ?? 0;
    provider.offers.set(shape.id, offer);
    try {
      await this.#book.put({ workspace, service: shape.id, client, descriptor: offer.descriptor });
    } catch (error) {
      if (provider.offers.get(shape.id) === offer) this.#withdraw(provider, shape.id, client);
      throw error;
    }
    // It may have gone, or thought otherwise, while it was written.
    if (provider.offers.get(shape.id) === offer) this.#directory.putLocal(workspace, client, shape);
  }

  /** `client` offers it no longer; calls that run go on. False when it did not. */
  unregister(connection: Client, service: string): boolean {
    const { client = "" } = connection;
    const provider = this.#host.provider(client);
    if (!provider?.offers.has(service)) return false;
    this.#withdraw(provider, service, client);
    return true;
  }

  /** Every service of a workspace, as it stands now. */
  async list(workspace: string, isGuest: boolean): Promise<readonly ServiceDescriptor[]> {
    return listServices(workspace, await this.#directory.confirm(workspace), isGuest);
  }

  /** One service with its providers, as it stands now. Rejects with 404. */
  async get(workspace: string, service: string, isGuest: boolean): Promise<ServiceDetails> {
    const found = serviceDetails(workspace, await this.#directory.confirm(workspace), service, isGuest);
    if (found !== undefined) return found;
    throw new ClientError("notFound", { detail: `nobody offers service ${JSON.stringify(service)}` });
  }

  /** Whether somebody offers the function. */
  async offers(workspace: string, service: string, name: string): Promise<boolean> {
    return functionShape(await this.#directory.find(workspace), service, name, false) !== undefined ||
      functionShape(await this.#directory.confirm(workspace), service, name, false) !== undefined;
  }

  /** What a provider says of a function. Rejects with 404. */
  async describe(workspace: string, service: string, name: string, isGuest: boolean): Promise<FunctionShape> {
    const known = functionShape(await this.#directory.find(workspace), service, name, isGuest) ??
      functionShape(await this.#directory.confirm(workspace), service, name, isGuest);
    if (known !== undefined) return known;
    const [quoted, named] = [JSON.stringify(service), JSON.stringify(name)];
    throw new ClientError("notFound", { detail: `nobody offers function ${named} of service ${quoted}` });
  }

  /** See {@linkcode Caller.call}. */
  call(call: ServiceCall): Promise<string> {
    return this.#caller.call(call);
  }

  /** See {@linkcode Caller.open}. */
  open(call: ServiceCall, sink: StreamSink): Promise<OpenStream> {
    return this.#caller.open(call, sink);
  }

  /** Calls for a connected client; what it waits for ends when it goes. */
  async callFor(connection: Client, call: ServiceCall): Promise<string> {
    return await this.#caller.call(call, this.#callingOf(connection).leash);
  }

  /** Opens a stream for a connected client. Resolves with its id; call `start` once the client was told. */
  async openFor(
    connection: Client,
    call: ServiceCall,
  ): Promise<{ readonly id: string; readonly start: () => void }> {
    const { streams } = this.#callingOf(connection);
    if (streams.size >= MAX_STREAMS_PER_CLIENT) {
      throw new ClientError("limitExceeded", {
        detail: `a client reads at most ${MAX_STREAMS_PER_CLIENT} streams`,
      });
    }
    const id = randomText(STREAM_ID_CHARACTERS);
    const sink = new ClientStream(id, connection, () => streams.delete(id));
    streams.set(id, sink);
    try {
      const stream = await this.#caller.open(call, sink);
      if (!this.#calling.has(connection.client ?? "")) stream.cancel();
      return { id, start: () => sink.start(stream) };
    } catch (error) {
      streams.delete(id);
      throw error;
    }
  }

  /** Takes the data of a `send`; false when it is not about a call. */
  takeSend(connection: Client, data: unknown): boolean {
    const word = readServiceWord(data);
    if (word === undefined) return false;
    const { client = "" } = connection;
    const provider = this.#host.provider(client);
    const calling = this.#calling.get(client);
    if (provider === undefined && calling === undefined) return false;
    if (word.kind === "credit") calling?.streams.get(word.id)?.grant(word.count);
    else if (word.kind === "cancel") calling?.streams.get(word.id)?.cancel();
    else if (provider !== undefined) this.#host.takeWord(provider, word);
    return true;
  }

  /** The client has gone: who called it is told, and whom it called. */
  release(client: string): void {
    const provider = this.#host.release(client);
    for (const service of [...provider?.offers.keys() ?? []]) {
      if (provider !== undefined) this.#withdraw(provider, service, client);
    }
    const calling = this.#calling.get(client);
    this.#calling.delete(client);
    calling?.leash.pull();
    for (const stream of [...calling?.streams.values() ?? []]) stream.cancel();
  }

  /** Takes a message of the bus; false when it is none of services. */
  take(message: string): boolean {
    return this.#directory.take(message);
  }

  /** `node` has left or was declared dead. */
  forgetNode(node: NodeId): void {
    this.#directory.forgetNode(node);
    this.#host.forgetNode(node);
    this.#caller.forgetNode(node);
  }

  /** The backend is back. */
  onReady(): void {
    this.#directory.onReady();
  }

  /** The backend lost its records: writes the offers again. Rejects with 100. */
  rewrite(): Promise<void> {
    this.#directory.onReady();
    return this.#book.rewrite();
  }

  /** Small duties: deadlines, and what the backend did not take. */
  tick(): void {
    this.#host.tick();
    this.#caller.tick();
    void this.#book.payDebts();
  }

  /** Ends all streams. */
  close(): void {
    this.#caller.close();
  }

  /** What is under way: calls and streams at providers of this node, calls that its callers wait for, streams that they
   * read; clients that have called. */
  get running(): ServicesRunning {
    const { calls, streams } = this.#caller;
    return { hosted: this.#host.size, calls, streams, callers: this.#calling.size };
  }

  /** Offers of clients of this node. */
  get offered(): number {
    return this.#book.size;
  }

  #providerOf(connection: Client, client: string): LocalProvider {
    const known = this.#host.provider(client);
    if (known !== undefined) return known;
    checkIsHere(connection);
    const provider = { connection, offers: new Map(), calls: new Map() };
    this.#host.add(client, provider);
    return provider;
  }

  #withdraw(provider: LocalProvider, service: string, client: string): void {
    const { workspace } = provider.offers.get(service) ?? {};
    provider.offers.delete(service);
    if (workspace === undefined) return;
    this.#directory.dropLocal(workspace, service, client);
    this.#book.remove({ workspace, service, client });
  }

  #callingOf(connection: Client): CallingClient {
    const client: string = connection.client ?? "";
    const known = this.#calling.get(client);
    if (known !== undefined) return known;
    checkIsHere(connection);
    const calling = { leash: new Leash(), streams: new Map() };
    this.#calling.set(client, calling);
    return calling;
  }
}

/** A command that waited may come after its client has gone: what it left here nobody would take away again. */
function checkIsHere({ phase }: Client): void {
  if (phase === "closed") throw new ClientError("gone", { detail: "the client has left" });
}
