// @opentelemetry/api: how a program names its spans, whoever collects them; Deno is the collector when OTEL_DENO is set.
import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span as ApiSpan,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { ClientError } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** What is said of a span. Names are the program's own, values are cut; nothing secret belongs here. */
export type Attributes = Readonly<Record<string, string | number>>;

/** What is said of a call of a service, in OpenTelemetry's words where it has any. */
export function callAttributes(workspace: string, service: string, name: string): Attributes {
  return {
    "rpc.system": "shoal",
    "rpc.service": service,
    "rpc.method": name,
    "shoal.workspace": workspace,
  };
}

const MAX_VALUE_CHARS = 128;
const MAX_NAME_CHARS = 128;

/** Whether anybody collects spans. While nobody does, the API answers with a stand-in of its own. */
export const isTracing = !(trace.getTracerProvider() instanceof ProxyTracerProvider);

const tracer = trace.getTracer("shoal", VERSION);

/** A piece of work that goes on. Every method may be called at any time; what comes after the end is dropped. */
export class Span {
  readonly #span: ApiSpan;
  /** With it the trace goes on at another process. */
  readonly traceparent: string;

  constructor(span: ApiSpan) {
    this.#span = span;
    this.traceparent = formatTraceparent(span.spanContext());
  }

  /** Says something more. */
  set(name: string, value: string | number): void {
    this.#span.setAttribute(name, cut(value));
  }

  /** Names it anew, when more is known. */
  rename(name: string): void {
    this.#span.updateName(name.slice(0, MAX_NAME_CHARS));
  }

  /** Ends it; of an error only the code is told, since a message may quote what a caller sent. */
  end(error?: unknown): void {
    if (error !== undefined) {
      const code = error instanceof ClientError ? String(error.code) : "internal";
      this.#span.setAttribute("error.type", code);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }

  /** Runs `work` with this span as the one that {@linkcode askingSpan} and Deno's own `fetch` go on from. */
  run<T>(work: () => T): T {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.#span), work);
  }
}

/**
 * A span for what another process asks this one: it goes on from `traceparent` where that is well-formed, else it is
 * the first of a trace. Undefined without tracing. One that a sampler left out still hands that on.
 */
export function servingSpan(
  name: string,
  attributes: Attributes,
  traceparent?: string | null,
): Span | undefined {
  if (!isTracing) return undefined;
  const remote = parseTraceparent(traceparent);
  const parent = remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  return new Span(tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: cutAll(attributes) }, parent));
}

/** A span for asking another process, within the span that {@linkcode Span.run} runs. Undefined without tracing. */
export function askingSpan(name: string, attributes: Attributes): Span | undefined {
  if (!isTracing) return undefined;
  return new Span(tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: cutAll(attributes) }));
}

/** Runs `work` in `span` and ends the span with it, however it ends. */
export function inSpan<T>(span: Span | undefined, work: () => T): T {
  if (span === undefined) return work();
  try {
    const value = span.run(work);
    if (value instanceof Promise) endWith(span, value);
    else span.end();
    return value;
  } catch (thrown) {
    span.end(thrown ?? "nothing");
    throw thrown;
  }
}

function endWith(span: Span, work: Promise<unknown>): void {
  work.then(() => span.end(), (thrown) => span.end(thrown ?? "nothing"));
}

function cutAll(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, cut(value)]));
}

function cut(value: string | number): string | number {
  return typeof value === "string" ? value.slice(0, MAX_VALUE_CHARS) : value;
}
