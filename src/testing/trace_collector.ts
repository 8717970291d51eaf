/** Takes the spans that processes export over OTLP as JSON, in place of a collector. */

/** OpenTelemetry's numbers of kinds. */
const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;
const ERROR_STATUS = 2;

/** One span, as far as tests look. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** "" for the first of a trace. */
  readonly parentSpanId: string;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpSpan extends Omit<CollectedSpan, "kind" | "attributes" | "isError"> {
  readonly kind: number;
  readonly attributes: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number };
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A listening collector. Ends when disposed of. */
export class TraceCollector implements AsyncDisposable {
  /** In the order in which they came, which is not that in which they began. */
  readonly spans: CollectedSpan[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const body = await request.json();
      if (new URL(request.url).pathname === "/v1/traces") this.#take(body);
      return Response.json({});
    });
  }

  static open(): TraceCollector {
    return new TraceCollector();
  }

  /** Has a process send its spans here, soon. */
  get env(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take({ resourceSpans }: OtlpTraces): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(collected));
    }
  }
}

function collected({ kind, attributes, status, ...span }: OtlpSpan): CollectedSpan {
  const values = attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]);
  return {
    ...span,
    kind: KINDS[kind] ?? "",
    isError: status?.code === ERROR_STATUS,
    attributes: Object.fromEntries(values),
  };
}
