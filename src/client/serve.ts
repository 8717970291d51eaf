/** Offers functions of this process to everybody on the cluster. */
import type { Centrifuge } from "centrifuge";
import type { IncomingCall } from "./incoming_call.ts";
import { onServiceMessage, type ServiceMessage } from "./message_router.ts";
import { RunningCall } from "./running_call.ts";
import { serviceErrorOf } from "./service_error.ts";

/** A function with all that callers may know of it. It may answer with an async iterable: then it is a stream. */
export interface ServiceFunctionOptions {
  readonly handle: (call: IncomingCall) => unknown;
  readonly description?: string;
  /** JSON Schema of the arguments; the server checks them before they come here. */
  readonly params?: unknown;
  /** It changes nothing, so that HTTP callers may use GET. */
  readonly safe?: boolean;
  /** It answers with a stream. */
  readonly stream?: boolean;
}

// deno-lint-ignore no-explicit-any -- arguments come from anywhere; the function knows what it wants
type PlainFunction = (...args: any[]) => unknown;

/** A function, plain or described. */
export type ServiceFunction = PlainFunction | ServiceFunctionOptions;

/** What is offered. */
export interface ServeOptions {
  /** 1 to 64 of a-z, A-Z, 0-9, "_", "." and "-". */
  readonly id: string;
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  readonly name?: string;
  readonly description?: string;
  /** Who may see and call it: the own workspace (default), or all. */
  readonly visibility?: "public" | "workspace";
  /** Calls at once; the server refuses more with 429. Default 1000. */
  readonly concurrency?: number;
  /** Told when the server does not take the registration, the first one and each after a reconnect. Default: thrown by
   * {@linkcode serve} for the first, ignored for later ones that are tried again at the next reconnect. */
  readonly onError?: (error: Error) => void;
}

/** A service that is offered. */
export interface ServedService extends AsyncDisposable {
  readonly id: string;
  /** Calls that run. */
  readonly running: number;
  /** Offers it no longer; calls that run are aborted. */
  stop(): Promise<void>;
}

/**
 * Offers `functions` under `id` while `client` is connected, and again after each reconnect. Resolves once the cluster
 * knows. Rejects with a {@linkcode ServiceError} when the server refuses.
 */
export async function serve(client: Centrifuge, options: ServeOptions): Promise<ServedService> {
  const provider = new Provider(client, options);
  await provider.start();
  return provider;
}

class Provider implements ServedService {
  readonly #client: Centrifuge;
  readonly #options: ServeOptions;
  readonly #calls = new Map<string, RunningCall>();
  #stopTaking: () => void = () => {};
  #isStopped = false;
  readonly #onConnected = () => void this.#register().catch((error) => this.#options.onError?.(error));
  readonly #onConnecting = () => this.#abortAll();

  constructor(client: Centrifuge, options: ServeOptions) {
    this.#client = client;
    this.#options = options;
  }

  get id(): string {
    return this.#options.id;
  }

  get running(): number {
    return this.#calls.size;
  }

  async start(): Promise<void> {
    const client = this.#client;
    this.#stopTaking = onServiceMessage(client, (message) => this.#take(message));
    client.on("connecting", this.#onConnecting);
    client.on("disconnected", this.#onConnecting);
    try {
      await this.#register();
    } catch (error) {
      this.#forget();
      throw error;
    }
    client.on("connected", this.#onConnected);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#forget();
    this.#client.off("connected", this.#onConnected);
    this.#abortAll();
    if (this.#client.state !== "connected") return;
    await this.#client.rpc("services.unregister", { id: this.id }).catch((error) => {
      // 404: the connection was another by then, and the server knows.
      if (serviceErrorOf(error).code !== 404) throw serviceErrorOf(error);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #register(): Promise<void> {
    const { id, name, description, visibility, concurrency, functions } = this.#options;
    const shapes = Object.fromEntries(Object.entries(functions).map(([each, one]) => [each, shapeOf(one)]));
    try {
      await this.#client.rpc("services.register", {
        ...{ id, name, description, visibility, concurrency },
        functions: shapes,
      });
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  #take({ kind, id, body }: ServiceMessage): boolean {
    if (kind === "call") return body.service === this.id && this.#start(id, body);
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    if (kind === "cancel") this.#end(id);
    if (kind === "credit") call.grant(Number(body.n));
    return true;
  }

  #start(id: string, body: Readonly<Record<string, unknown>>): boolean {
    const { functions } = this.#options;
    const name = String(body.function);
    const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (run === undefined) return false;
    const call = new RunningCall(id, body, (data) => this.#say(data));
    this.#calls.set(id, call);
    void call.run(typeof run === "function" ? plain(run) : run.handle).finally(() => this.#calls.delete(id));
    return true;
  }

  #end(id: string): void {
    this.#calls.get(id)?.abort();
    this.#calls.delete(id);
  }

  /** A word that cannot be sent is about a call that has ended with the connection. */
  #say(data: unknown): void {
    if (this.#client.state === "connected") this.#client.send(data).catch(() => this.#abortAll());
  }

  #forget(): void {
    this.#stopTaking();
    this.#client.off("connecting", this.#onConnecting);
    this.#client.off("disconnected", this.#onConnecting);
  }

  /** The connection is another: nobody waits for what was asked over the old one. */
  #abortAll(): void {
    for (const call of this.#calls.values()) call.abort();
    this.#calls.clear();
  }
}

/** Positional arguments are spread; any other value is the only argument. */
function plain(run: PlainFunction): (call: IncomingCall) => unknown {
  return ({ args }) => Array.isArray(args) ? run(...args) : run(args);
}

function shapeOf(one: ServiceFunction) {
  if (typeof one === "function") return isStreamFunction(one) ? { stream: true } : {};
  const { description, params, safe, stream, handle } = one;
  return { description, params, safe, stream: stream ?? (isStreamFunction(handle) || undefined) };
}

/** Whether it is written as `async function*`. */
function isStreamFunction(run: (...args: never[]) => unknown): boolean {
  return run.constructor.name === "AsyncGeneratorFunction";
}
