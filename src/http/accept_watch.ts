/** What an {@linkcode AcceptWatch} tells. Neither may throw. */
export interface AcceptWatchEvents {
  /** The watched listener accepts no longer; told once, the watch has stopped. */
  onLost(cause: unknown): void;
  /** Descriptors had run out and are there again: other listeners may have been lost unseen. */
  onShortageOver(): void;
}

/** How often the listener is asked, milliseconds: with the time to open it again, a loss lasts less than a second. */
const LOOK_EVERY_MS = 300;
/** A look that comes later than this says nothing: what waits may not have been accepted yet. */
const LATE_MS = 100;

/**
 * Watches a listener of node:http. When descriptors run out, Deno's node:http stops accepting for ever and raises no
 * event, so the listener is asked: a connection that the kernel made and that nobody accepts by the next look means
 * that it is lost. Costs one connection a look.
 */
export class AcceptWatch {
  readonly #hostname: string;
  readonly #port: number;
  readonly #events: AcceptWatchEvents;
  readonly #timer: ReturnType<typeof setInterval>;
  #acceptedCount = 0;
  #asked: { readonly connection: Deno.TcpConn; readonly acceptedBefore: number } | undefined;
  #isAsking = false;
  #isShort = false;
  #isStopped = false;
  #lookedAtMs = performance.now();

  constructor(hostname: string, port: number, events: AcceptWatchEvents) {
    this.#hostname = reachable(hostname);
    this.#port = port;
    this.#events = events;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** Call at every accepted connection. */
  accepted(): void {
    this.#acceptedCount++;
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#forget();
  }

  #look(): void {
    const now = performance.now();
    const isLate = now - this.#lookedAtMs > LOOK_EVERY_MS + LATE_MS;
    this.#lookedAtMs = now;
    const isUnanswered = this.#asked?.acceptedBefore === this.#acceptedCount;
    this.#forget();
    if (isUnanswered && !isLate) return this.#lose("it stopped accepting");
    if (!this.#isAsking) this.#ask();
  }

  async #ask(): Promise<void> {
    const acceptedBefore = this.#acceptedCount;
    this.#isAsking = true;
    try {
      const connection = await Deno.connect({ hostname: this.#hostname, port: this.#port });
      if (this.#isStopped) return connection.close();
      this.#asked = { connection, acceptedBefore };
      if (this.#isShort) this.#events.onShortageOver();
      this.#isShort = false;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) this.#lose(error);
      // Whatever else: this process could not ask. Mostly it is out of descriptors.
      else this.#isShort = true;
    } finally {
      this.#isAsking = false;
    }
  }

  #lose(cause: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#events.onLost(cause);
  }

  #forget(): void {
    this.#asked?.connection.close();
    this.#asked = undefined;
  }
}

/** An address that reaches a listener on `hostname`. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" || hostname === "[::]" ? "::1" : hostname;
}
