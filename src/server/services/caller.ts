/** The node of a caller: picks providers in turn, asks the next one when the first has no room, and minds the time. */
import type { Clock } from "../../core/clock.ts";
import { Deadlines } from "../../core/deadlines.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import { FIRST_CREDIT, MAX_CREDIT } from "../../protocol/service_limits.ts";
import {
  CALL_METHOD,
  CANCEL_NOTICE,
  CREDIT_NOTICE,
  decodeError,
  decodeKeyed,
  decodeOutcome,
  encodeKeyed,
  encodeNodeCall,
  END_NOTICE,
  ITEM_NOTICE,
  type NodeCallOutcome,
} from "../../protocol/service_wire.ts";
import { askingSpan, callAttributes, isTracing, type Span } from "../../tracing/mod.ts";
import { type NodeCalls, NotDeliveredError } from "../node_calls/mod.ts";
import { type ServiceCounts, type ServiceOutcome, serviceOutcomeOf } from "../service_counts.ts";
import type { Directory } from "./directory.ts";
import type { Leash } from "./leash.ts";
import { MAX_STREAMS, MAX_TRIES, SLACK_MS } from "./limits.ts";
import type { Provider, WorkspaceView } from "./workspace_view.ts";

/** A call on its way. */
export interface ServiceCall {
  /** Where the service is offered. */
  readonly workspace: string;
  /** Of another workspace: only what is public may be called. */
  readonly isGuest: boolean;
  readonly service: string;
  readonly function: string;
  /** Raw JSON. */
  readonly args: string;
  /** Who calls: ClientInfo as JSON. */
  readonly caller: string;
  /** For a stream: how long it may stand still. */
  readonly timeoutMs: number;
  /** Only this provider. */
  readonly client?: string | undefined;
  /** Only a function that changes nothing. */
  readonly isSafe?: boolean | undefined;
  /** Ends it when the caller goes. */
  readonly leash?: Leash | undefined;
}

/** Who reads a stream. None may throw. */
export interface StreamSink {
  /** An item, as raw JSON. */
  onItem(value: string, sequence: number): void;
  /** Called once; nothing comes after it. */
  onEnd(error: ClientError | undefined): void;
}

/** A stream that is read. */
export interface OpenStream {
  /** Lets `count` items more come. */
  grant(count: number): void;
  /** Ends it; the sink hears nothing more. */
  cancel(): void;
}

interface Reading {
  readonly key: number;
  readonly node: NodeId;
  readonly sink: StreamSink;
  readonly timeoutMs: number;
  movedMs: number;
  received: number;
  credit: number;
}

/** What calling needs of its node. */
export interface CallerParts {
  readonly self: NodeId;
  readonly calls: NodeCalls;
  readonly directory: Directory;
  readonly clock: Clock;
  /** How often {@linkcode Caller.tick} is called, milliseconds. */
  readonly tickMs: number;
  readonly counts: ServiceCounts;
}

/** Calls by the clients of one node generation, and by its HTTP callers. Safe to call concurrently. */
export class Caller {
  readonly #parts: CallerParts;
  readonly #streams = new Map<number, Reading>();
  /** Keys: a stream that has ended is not kept until its slot. */
  readonly #deadlines: Deadlines<number>;
  #lastKey = 0;
  #calls = 0;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.#deadlines = new Deadlines(parts.tickMs, parts.clock.monotonicMs());
    parts.calls.listen(ITEM_NOTICE, (payload, from) => this.#takeItem(payload, from));
    parts.calls.listen(END_NOTICE, (payload, from) => this.#takeEnd(payload, from));
  }

  /** Calls that wait for their value. */
  get calls(): number {
    return this.#calls;
  }

  /** Streams that are read. */
  get streams(): number {
    return this.#streams.size;
  }

  /**
   * Calls one provider and answers its value as raw JSON. Rejects with 404 when nobody offers it, 410 when the provider
   * left during the call, 408 at the deadline, 429 when every provider is at its limit, 413, 502, 107 for wrong
   * arguments, or the provider's own error.
   */
  async call(call: ServiceCall, leash = call.leash): Promise<string> {
    const { counts, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const key = ++this.#lastKey;
    this.#calls++;
    try {
      const picked = this.#pick(call);
      const providers = picked instanceof Promise ? await picked : picked;
      const value = await this.#askInTurn(
        providers,
        call.timeoutMs,
        (provider, timeoutMs) => this.#ask(provider, call, { key, timeoutMs }, leash),
      );
      counts.endCall("ok", startMs);
      return value;
    } catch (error) {
      counts.endCall(leash?.isPulled ? "cancelled" : serviceOutcomeOf(error), startMs);
      throw error;
    } finally {
      this.#calls--;
    }
  }

  /** Opens a stream: resolves once a provider has it, with at most `FIRST_CREDIT` items on their way. Rejects as
   * {@linkcode call}. */
  async open(call: ServiceCall, sink: StreamSink): Promise<OpenStream> {
    try {
      return await this.#open(call, sink);
    } catch (error) {
      this.#parts.counts.endStream(serviceOutcomeOf(error));
      throw error;
    }
  }

  /** `node` is gone: its streams end. */
  forgetNode(node: NodeId): void {
    const error = new ClientError("gone", { detail: "the provider's node has left the cluster" });
    for (const reading of [...this.#streams.values()]) if (reading.node === node) this.#end(reading, error);
  }

  /** Ends streams of which nothing was heard for too long. */
  tick(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const key of this.#deadlines.due(nowMs)) {
      const reading = this.#streams.get(key);
      if (reading !== undefined) this.#look(reading, nowMs);
    }
  }

  /** Ends all streams. */
  close(): void {
    const error = new ClientError("internal", { detail: "the node is closing" });
    for (const reading of [...this.#streams.values()]) this.#end(reading, error);
  }

  async #open(call: ServiceCall, sink: StreamSink): Promise<OpenStream> {
    if (this.#streams.size >= MAX_STREAMS) {
      throw new ClientError("tooManyRequests", { detail: "this node reads too many streams" });
    }
    const found = await this.#pick(call);
    return await this.#askInTurn(found, call.timeoutMs, (provider) => this.#openAt(provider, call, sink));
  }

  /** Who may be asked, best first. Only where nobody is known the backend is asked whether that still holds. */
  #pick(call: ServiceCall): readonly Provider[] | Promise<readonly Provider[]> {
    const view = this.#parts.directory.find(call.workspace);
    if (view instanceof Promise) return view.then((view) => this.#pickFrom(view, call));
    return this.#pickFrom(view, call);
  }

  #pickFrom(view: WorkspaceView, call: ServiceCall): readonly Provider[] | Promise<readonly Provider[]> {
    const found = candidates(view, call);
    if (found.length > 0) return found;
    return this.#parts.directory.confirm(call.workspace).then((view) => {
      const found = candidates(view, call);
      if (found.length === 0) throw nobody(view, call);
      return found;
    });
  }

  async #askInTurn<T>(
    providers: readonly Provider[],
    timeoutMs: number,
    ask: (provider: Provider, leftMs: number) => Promise<T | Refused>,
  ): Promise<T> {
    const { clock } = this.#parts;
    const startMs = clock.monotonicMs();
    let leftMs = timeoutMs;
    let refused: ClientError | undefined;
    for (const provider of providers.slice(0, MAX_TRIES)) {
      const answer = await ask(provider, leftMs);
      if (!(answer instanceof Refused)) return answer;
      // Of several reasons the one that will pass says most.
      if (refused === undefined || answer.error.isTemporary) refused = answer.error;
      leftMs = Math.ceil(startMs + timeoutMs - clock.monotonicMs());
      if (leftMs <= 0) break;
    }
    throw refused ?? new ClientError("deadlineExceeded");
  }

  async #ask(
    provider: Provider,
    call: ServiceCall,
    how: { readonly key: number; readonly timeoutMs: number },
    leash: Leash | undefined,
  ): Promise<string | Refused> {
    if (leash?.isPulled) throw new ClientError("gone", { detail: "the caller has left" });
    const cancel = () => this.#parts.calls.tell(provider.node, CANCEL_NOTICE, encodeKeyed(how.key));
    leash?.add(cancel);
    try {
      const outcome = await this.#outcome(provider, call, how);
      if (outcome.kind === "failed") throw outcome.error;
      return outcome.kind === "value" ? outcome.value : new Refused(outcome.error);
    } finally {
      leash?.delete(cancel);
    }
  }

  async #openAt(provider: Provider, call: ServiceCall, sink: StreamSink): Promise<OpenStream | Refused> {
    const key = ++this.#lastKey;
    const { node } = provider;
    const { timeoutMs } = call;
    const movedMs = this.#parts.clock.monotonicMs();
    const reading: Reading = { key, node, sink, timeoutMs, movedMs, received: 0, credit: FIRST_CREDIT };
    // Before it is asked for: items may come with the answer.
    this.#streams.set(key, reading);
    const outcome = await this.#outcome(provider, call, { key, timeoutMs, credit: FIRST_CREDIT })
      .catch((error) => {
        this.#streams.delete(key);
        throw error;
      });
    if (outcome.kind !== "value") this.#streams.delete(key);
    if (outcome.kind === "failed") throw outcome.error;
    if (outcome.kind === "refused") return new Refused(outcome.error);
    this.#deadlines.addPlain(key, movedMs + timeoutMs + SLACK_MS);
    return { grant: (count) => this.#grant(reading, count), cancel: () => this.#cancel(reading) };
  }

  #outcome(
    { node, client }: Provider,
    call: ServiceCall,
    how: { readonly key: number; readonly timeoutMs: number; readonly credit?: number },
  ): Promise<NodeCallOutcome> {
    const { workspace, service, caller, isGuest, isSafe } = call;
    const span = isTracing ? this.#spanOf(call, node) : undefined;
    const base = { ...how, workspace, service, function: call.function, client, caller, isGuest, isSafe };
    const head = span === undefined ? base : { ...base, traceparent: span.traceparent };
    const payload = encodeNodeCall(head, call.args);
    const outcome = this.#parts.calls.call(node, CALL_METHOD, payload, how.timeoutMs + SLACK_MS)
      .then(decodeOutcome, refusedOrThrow);
    return span === undefined ? outcome : endSpanWith(outcome, span);
  }

  #spanOf({ workspace, service, function: name }: ServiceCall, node: NodeId): Span | undefined {
    const attributes = callAttributes(workspace, service, name);
    return askingSpan("service.call", {
      ...attributes,
      "shoal.node": this.#parts.self,
      "shoal.peer": node,
    });
  }

  #grant(reading: Reading, count: number): void {
    const granted = Math.min(count, MAX_CREDIT - reading.credit);
    if (!(granted > 0) || !this.#streams.has(reading.key)) return;
    reading.credit += granted;
    reading.movedMs = this.#parts.clock.monotonicMs();
    this.#parts.calls.tell(reading.node, CREDIT_NOTICE, encodeKeyed(reading.key, granted));
  }

  #cancel({ key, node }: Reading, outcome: ServiceOutcome = "cancelled"): void {
    if (!this.#streams.delete(key)) return;
    this.#parts.calls.tell(node, CANCEL_NOTICE, encodeKeyed(key));
    this.#parts.counts.endStream(outcome);
  }

  #takeItem(payload: string, from: NodeId): void {
    const { key, number, text } = decodeKeyed(payload);
    const reading = this.#streams.get(key);
    if (reading?.node !== from) return;
    if (number !== reading.received) return this.#lose(reading);
    reading.received++;
    this.#parts.counts.items++;
    reading.credit--;
    reading.movedMs = this.#parts.clock.monotonicMs();
    reading.sink.onItem(text, number);
  }

  #takeEnd(payload: string, from: NodeId): void {
    const { key, number, text } = decodeKeyed(payload);
    const reading = this.#streams.get(key);
    if (reading?.node !== from) return;
    if (number !== reading.received) return this.#lose(reading);
    this.#end(reading, text === "" ? undefined : decodeError(text));
  }

  /** Items went missing between the nodes. */
  #lose(reading: Reading): void {
    this.#cancel(reading, "internal");
    reading.sink.onEnd(
      new ClientError("internal", { detail: "a part of the stream was lost between two nodes" }),
    );
  }

  #end(reading: Reading, error: ClientError | undefined): void {
    if (!this.#streams.delete(reading.key)) return;
    this.#parts.counts.endStream(serviceOutcomeOf(error));
    reading.sink.onEnd(error);
  }

  #look(reading: Reading, nowMs: number): void {
    const endMs = reading.movedMs + reading.timeoutMs + SLACK_MS;
    if (nowMs < endMs) return this.#deadlines.addPlain(reading.key, endMs);
    this.#cancel(reading, "deadline");
    reading.sink.onEnd(new ClientError("deadlineExceeded", { detail: "nothing moved in the stream" }));
  }
}

/** The same outcome; the span ends with it. */
async function endSpanWith(asked: Promise<NodeCallOutcome>, span: Span): Promise<NodeCallOutcome> {
  try {
    const outcome = await asked;
    span.end(outcome.kind === "value" ? undefined : outcome.error);
    return outcome;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** A call that reached nobody may go to another provider. */
function refusedOrThrow(error: unknown): NodeCallOutcome {
  if (error instanceof NotDeliveredError) return { kind: "refused", error };
  throw error;
}

/** A provider that has seen nothing of the call. */
class Refused {
  readonly error: ClientError;

  constructor(error: ClientError) {
    this.error = error;
  }
}

function candidates(view: WorkspaceView, call: ServiceCall): readonly Provider[] {
  const { service, client, isGuest } = call;
  let found = view.inTurn(service, call.function);
  if (client !== undefined) found = found.filter((each) => each.client === client);
  return isGuest ? found.filter(({ shape }) => shape.visibility === "public") : found;
}

function nobody(view: WorkspaceView, { service, client, isGuest, ...call }: ServiceCall): ClientError {
  const isKnown = !isGuest && view.providersOf(service).length > 0;
  const [name, quoted] = [JSON.stringify(call.function), JSON.stringify(service)];
  if (isKnown && client !== undefined) {
    return new ClientError("notFound", { detail: `that client does not offer ${name} of service ${quoted}` });
  }
  const detail = isKnown ? `service ${quoted} has no function ${name}` : `nobody offers service ${quoted}`;
  return new ClientError("notFound", { detail });
}
