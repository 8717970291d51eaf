import type { IncomingCall, ServiceCaller } from "./incoming_call.ts";
import { ServiceError } from "./service_error.ts";

/** The code that callers see for what a function throws, unless it is a `ServiceError`. */
const OWN_FAULT = 500;

/** One call that runs in a provider, from its message to the last word about it. */
export class RunningCall {
  readonly #id: string;
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #say: (data: unknown) => void;
  readonly #ending = new AbortController();
  #credit: number;
  #wake: () => void = () => {};

  /** `body`: of the push; `say` sends data to the server. */
  constructor(id: string, body: Readonly<Record<string, unknown>>, say: (data: unknown) => void) {
    this.#id = id;
    this.#body = body;
    this.#say = say;
    this.#credit = Number(body.credit ?? 0);
  }

  /** Nobody waits any more: nothing more is said. */
  abort(): void {
    this.#ending.abort();
    this.#wake();
  }

  /** `count` more items may be sent. */
  grant(count: number): void {
    this.#credit += count;
    this.#wake();
  }

  /** Runs the function and tells how it came out. Never rejects. */
  async run(handle: (call: IncomingCall) => unknown): Promise<void> {
    try {
      const value = await handle(this.#incoming());
      if (isIterable(value)) await this.#stream(value);
      else this.#tell({ result: { id: this.#id, value: value ?? null } });
    } catch (error) {
      this.#tell({ error: { id: this.#id, ...failureOf(error) } });
    }
  }

  #incoming(): IncomingCall {
    const { args, caller, deadline_ms: deadlineMs, traceparent } = this.#body;
    return {
      ...(typeof traceparent === "string" ? { traceparent } : {}),
      args,
      caller: (caller ?? {}) as ServiceCaller, // the server made it
      deadlineMs: Number(deadlineMs),
      signal: this.#ending.signal,
    };
  }

  async #stream(items: AsyncIterable<unknown>): Promise<void> {
    if (this.#body.stream !== true) throw new ServiceError(400, "the function answers with a stream");
    for await (const value of items) {
      while (this.#credit === 0 && !this.#ending.signal.aborted) await this.#granted();
      if (this.#ending.signal.aborted) return;
      this.#credit--;
      this.#tell({ chunk: { id: this.#id, value: value ?? null } });
    }
    this.#tell({ end: { id: this.#id } });
  }

  #granted(): Promise<void> {
    return new Promise((wake) => this.#wake = wake);
  }

  #tell(data: unknown): void {
    if (!this.#ending.signal.aborted) this.#say(data);
  }
}

function failureOf(error: unknown): { readonly code: number; readonly message: string } {
  if (error instanceof ServiceError) return { code: error.code, message: error.message };
  return { code: OWN_FAULT, message: error instanceof Error ? error.message : String(error) };
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
