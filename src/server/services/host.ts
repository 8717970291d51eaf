/**
 * The node of a provider: lets calls through to it, hands its answers back to the nodes of the callers, and ends what
 * runs when it, its caller or the time is gone. Whatever a provider says is checked against the calls that it has.
 */
import type { Clock } from "../../core/clock.ts";
import { Deadlines } from "../../core/deadlines.ts";
import { ClientError } from "../../core/errors.ts";
import { type NodeId, randomText } from "../../core/ids.ts";
import { payloadOf } from "../../protocol/payload.ts";
import { MAX_CREDIT } from "../../protocol/service_limits.ts";
import { callPush, cancelPush, creditPush, type ProviderWord } from "../../protocol/service_messages.ts";
import {
  CALL_METHOD,
  CANCEL_NOTICE,
  CREDIT_NOTICE,
  decodeKeyed,
  decodeNodeCall,
  encodeError,
  encodeFailure,
  encodeKeyed,
  encodeValue,
  END_NOTICE,
  errorOf,
  ITEM_NOTICE,
  type NodeCallHead,
} from "../../protocol/service_wire.ts";
import { callAttributes, isTracing, servingSpan, type Span } from "../../tracing/mod.ts";
import type { NodeCalls, NodeRequest } from "../node_calls/mod.ts";
import type { HostedCall, LocalProvider } from "./hosted_call.ts";
import { ARGS_SHARE, MAX_HOSTED, MAX_VALUE_CHARS } from "./limits.ts";
import type { LocalOffer } from "./local_offer.ts";

/** Random characters in the ids of one host: what a provider says of another node's call must not meet one of these. */
const PREFIX_CHARACTERS = 8;

/** What hosting needs of its node. */
export interface HostParts {
  readonly self: NodeId;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  /** How often {@linkcode Host.tick} is called, milliseconds. */
  readonly tickMs: number;
  readonly outboxBytes: number;
}

/** Thrown for a call of which the provider has seen nothing: another may be asked. */
class Refusal extends ClientError {}

/** Calls at the providers of one node generation. */
export class Host {
  readonly #parts: HostParts;
  readonly #providers = new Map<string, LocalProvider>();
  /** By their numbers. */
  readonly #calls = new Map<number, HostedCall>();
  readonly #byOrigin = new Map<NodeId, Map<number, HostedCall>>();
  /** Numbers: a call that has ended is not kept until its slot. */
  readonly #deadlines: Deadlines<number>;
  readonly #prefix = randomText(PREFIX_CHARACTERS);
  #lastNumber = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#deadlines = new Deadlines(parts.tickMs, parts.clock.monotonicMs());
    parts.calls.serve(CALL_METHOD, (request) => this.#serve(request));
    parts.calls.listen(CREDIT_NOTICE, (payload, from) => this.#credit(payload, from));
    parts.calls.listen(CANCEL_NOTICE, (payload, from) => this.#cancel(payload, from));
  }

  /** Calls that run. */
  get size(): number {
    return this.#calls.size;
  }

  /** The provider that `client` is, if it is one. */
  provider(client: string): LocalProvider | undefined {
    return this.#providers.get(client);
  }

  /** Enters a provider. */
  add(client: string, provider: LocalProvider): void {
    this.#providers.set(client, provider);
  }

  /** The provider has gone: its callers are told at once. Answers what it was. */
  release(client: string): LocalProvider | undefined {
    const provider = this.#providers.get(client);
    this.#providers.delete(client);
    for (const call of [...provider?.calls.values() ?? []]) {
      this.#finish(call, new ClientError("gone", { detail: "the provider left during the call" }));
    }
    return provider;
  }

  /** `node` is gone: nobody waits for what its callers asked. */
  forgetNode(node: NodeId): void {
    for (const call of [...this.#byOrigin.get(node)?.values() ?? []]) this.#abandon(call);
  }

  /** Ends what has run, or in a stream stood still, for too long. */
  tick(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const number of this.#deadlines.due(nowMs)) {
      const call = this.#calls.get(number);
      if (call !== undefined) this.#look(call, nowMs);
    }
  }

  /** A provider says something of a call. What is not, or no longer, its call is dropped. */
  takeWord(provider: LocalProvider, word: ProviderWord): void {
    const call = provider.calls.get(word.id);
    if (call === undefined) return;
    switch (word.kind) {
      case "error":
        return this.#finish(call, errorOf(word.code, word.message));
      case "malformed":
        return this.#give(call, badAnswer("it cannot be read"));
      case "result":
        if (call.stream !== undefined && !this.#pass(call, word.value)) return;
        return this.#finish(call, undefined, word.value);
      case "chunk":
        if (call.stream === undefined) {
          return this.#give(call, badAnswer("a stream; call it with stream: true"));
        }
        return void this.#pass(call, word.value);
      case "end":
        if (call.stream === undefined) return this.#give(call, badAnswer("the end of a stream"));
        return this.#finish(call, undefined);
      default:
        word satisfies never;
    }
  }

  #serve({ from, payload }: NodeRequest): string | Promise<string> {
    const { head, args } = decodeNodeCall(payload);
    try {
      return this.#start(from, head, args);
    } catch (error) {
      if (error instanceof ClientError) {
        return encodeFailure(error instanceof Refusal ? "refused" : "failed", error);
      }
      throw error;
    }
  }

  #start(origin: NodeId, head: NodeCallHead, args: string): string | Promise<string> {
    const { provider, offer } = this.#meant(head);
    this.#checkArgs(offer, head, args);
    this.#checkRoom(provider, offer, args);
    const { key, timeoutMs, credit } = head;
    const stream = credit === undefined ? undefined : { credit, count: 0 };
    const number = ++this.#lastNumber;
    const id = `${this.#prefix}${number}`;
    const movedMs = this.#parts.clock.monotonicMs();
    const { service, function: name, caller } = head;
    const span = isTracing ? this.#spanOf(origin, head) : undefined;
    const base = { id, number, origin, key, provider, offer, timeoutMs, movedMs, stream, span };
    const { promise, resolve } = Promise.withResolvers<string>();
    const settle: HostedCall["settle"] = (value, error) =>
      resolve(error === undefined ? encodeValue(value ?? "null") : encodeFailure("failed", error));
    this.#enter({ ...base, settle });
    const { traceparent } = span ?? {};
    provider.connection.send(
      callPush({ id, service, function: name, args, caller, deadlineMs: timeoutMs, credit, traceparent }),
    );
    return stream === undefined ? promise : encodeValue("");
  }

  #spanOf(
    origin: NodeId,
    { workspace, service, function: name, traceparent }: NodeCallHead,
  ): Span | undefined {
    const attributes = callAttributes(workspace, service, name);
    const ends = { "shoal.node": this.#parts.self, "shoal.peer": origin };
    return servingSpan("service.serve", { ...attributes, ...ends }, traceparent);
  }

  #meant({ client, service, workspace, isGuest }: NodeCallHead) {
    const provider = this.#providers.get(client);
    const offer = provider?.offers.get(service);
    if (provider === undefined || offer?.workspace !== workspace) {
      throw new Refusal("notFound", { detail: "the provider offers that service no longer" });
    }
    if (isGuest && offer.shape.visibility !== "public") throw new Refusal("notFound");
    return { provider, offer };
  }

  #checkArgs(offer: LocalOffer, { function: name, isSafe, credit }: NodeCallHead, args: string): void {
    const found = offer.functions.get(name);
    if (found === undefined) {
      throw new Refusal("notFound", { detail: `the service has no function "${name}"` });
    }
    if (isSafe && !found.isSafe) {
      throw new ClientError("badRequest", { detail: `function "${name}" is not declared safe: use POST` });
    }
    if (found.isStream && credit === undefined) {
      throw new ClientError("badRequest", {
        detail: `function "${name}" answers with a stream: say stream: true`,
      });
    }
    const problem = found.check?.(JSON.parse(args));
    if (problem !== undefined) throw new ClientError("badRequest", { detail: problem });
  }

  #checkRoom({ connection }: LocalProvider, offer: LocalOffer, args: string): void {
    const { outboxBytes } = this.#parts;
    if (args.length > outboxBytes * ARGS_SHARE) {
      throw new ClientError("tooLarge", { detail: `args have ${args.length} characters` });
    }
    if (this.#calls.size >= MAX_HOSTED) {
      throw new Refusal("busy", { detail: "its node runs too many calls" });
    }
    if (offer.running >= offer.concurrency) {
      throw new Refusal("busy", { detail: `the provider takes ${offer.concurrency} calls at once` });
    }
    if (connection.owedBytes + args.length > outboxBytes * (1 - ARGS_SHARE)) {
      throw new Refusal("busy", { detail: "the provider does not read fast enough" });
    }
  }

  #enter(call: HostedCall): void {
    call.offer.running++;
    call.provider.calls.set(call.id, call);
    this.#calls.set(call.number, call);
    const { origin, key, number } = call;
    const fromThere = this.#byOrigin.get(origin);
    if (fromThere === undefined) this.#byOrigin.set(origin, new Map([[key, call]]));
    else fromThere.set(key, call);
    this.#deadlines.addPlain(number, call.movedMs + call.timeoutMs);
  }

  /** False when it had ended already. */
  #leave(call: HostedCall): boolean {
    if (!call.provider.calls.delete(call.id)) return false;
    call.offer.running--;
    this.#calls.delete(call.number);
    const fromThere = this.#byOrigin.get(call.origin);
    fromThere?.delete(call.key);
    // Nodes come and go under new names: none may leave an empty entry behind.
    if (fromThere?.size === 0) this.#byOrigin.delete(call.origin);
    return true;
  }

  /** Hands an item of a stream on; false when that ended it. */
  #pass(call: HostedCall, value: unknown): boolean {
    const { stream, origin, key } = call;
    if (stream === undefined) return false;
    if (stream.credit === 0) {
      this.#give(call, new ClientError("busy", { detail: "the provider sent more than it was granted" }));
      return false;
    }
    const text = payloadOf(value);
    if (text.length > MAX_VALUE_CHARS) {
      this.#give(call, tooLarge(text));
      return false;
    }
    stream.credit--;
    call.movedMs = this.#parts.clock.monotonicMs();
    this.#parts.calls.tell(origin, ITEM_NOTICE, encodeKeyed(key, stream.count++, text));
    return true;
  }

  /** Ends a call and tells its caller how. */
  #finish(call: HostedCall, error: ClientError | undefined, value?: unknown): void {
    if (!this.#leave(call)) return;
    call.span?.end(error);
    const { stream, origin, key } = call;
    if (stream === undefined) return settleOne(call, error, value);
    const text = error === undefined ? "" : encodeError(error);
    this.#parts.calls.tell(origin, END_NOTICE, encodeKeyed(key, stream.count, text));
  }

  /** Ends a call with an error that the provider does not know of. */
  #give(call: HostedCall, error: ClientError): void {
    this.#finish(call, error);
    call.provider.connection.send(cancelPush(call.id));
  }

  /** Nobody waits for it any more. */
  #abandon(call: HostedCall): void {
    if (!this.#leave(call)) return;
    const error = new ClientError("gone", { detail: "the caller has left" });
    call.span?.end(error);
    call.settle(undefined, error);
    call.provider.connection.send(cancelPush(call.id));
  }

  #look(call: HostedCall, nowMs: number): void {
    const endMs = call.movedMs + call.timeoutMs;
    if (nowMs < endMs) return this.#deadlines.addPlain(call.number, endMs);
    const detail = call.stream === undefined
      ? "the provider did not answer in time"
      : "nothing moved in the stream";
    this.#give(call, new ClientError("deadlineExceeded", { detail }));
  }

  #credit(payload: string, from: NodeId): void {
    const { key, number } = decodeKeyed(payload);
    const call = this.#byOrigin.get(from)?.get(key);
    if (call?.stream === undefined || !(number > 0)) return;
    const granted = Math.min(number, MAX_CREDIT - call.stream.credit);
    call.movedMs = this.#parts.clock.monotonicMs();
    call.stream.credit += granted;
    if (granted > 0) call.provider.connection.send(creditPush(call.id, granted));
  }

  #cancel(payload: string, from: NodeId): void {
    const call = this.#byOrigin.get(from)?.get(decodeKeyed(payload).key);
    if (call !== undefined) this.#abandon(call);
  }
}

/** A call that wants one value is over. */
function settleOne(call: HostedCall, error: ClientError | undefined, value: unknown): void {
  if (error !== undefined) return call.settle(undefined, error);
  const text = payloadOf(value);
  if (text.length <= MAX_VALUE_CHARS) return call.settle(text, undefined);
  call.settle(undefined, tooLarge(text));
}

function tooLarge({ length }: string): ClientError {
  return new ClientError("tooLarge", {
    detail: `the value has ${length} characters, want at most ${MAX_VALUE_CHARS}`,
  });
}

function badAnswer(detail: string): ClientError {
  return new ClientError("badAnswer", { detail: `the provider answered with ${detail}` });
}
