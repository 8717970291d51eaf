/** What an {@linkcode AcceptWatch} tells. Neither may throw. */
export interface AcceptWatchEvents {
  /** The watched listener accepts no longer; told once, the watch has stopped. */
  onLost(cause: unknown): void;
  /** Descriptors had run out and are there again: other listeners may have been lost unseen. */
  onShortageOver(): void;
}

/** The listener that is watched. */
export interface WatchedListener {
  /** Address it is bound to. */
  readonly hostname: string;
  readonly port: number;
  /** False where another process may listen on the same port: it gets a share of what is asked. */
  readonly isAlone: boolean;
}

/** How often the listener is asked, milliseconds: with the time to open it again, a loss lasts less than a second. */
const LOOK_EVERY_MS = 300;
/** A look that comes later than this says nothing: what waits may not have been accepted yet. */
const LATE_MS = 100;
/** Where others listen too: so many questions in a row must not have come to us before one without an answer counts. */
const UNHEARD = 4;
/** Any answer will do, a refusal too: it shows that whoever got the question accepts. */
const QUESTION = new TextEncoder().encode(
  "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
);

/**
 * Watches a listener of node:http. When descriptors run out, Deno's node:http stops accepting for ever and raises no
 * event, so the listener is asked: a connection that the kernel made and that nobody accepts by the next look means
 * that it is lost. Where others listen too, the question may have gone to one of them: then it asks for an answer, and
 * believes in a loss only when none came and no question has come to itself for a while. Costs one connection a look.
 */
export class AcceptWatch {
  readonly #hostname: string;
  readonly #port: number;
  readonly #isAlone: boolean;
  readonly #events: AcceptWatchEvents;
  readonly #timer: ReturnType<typeof setInterval>;
  #acceptedCount = 0;
  #asked:
    | { readonly connection: Deno.TcpConn; readonly acceptedBefore: number; isAnswered: boolean }
    | undefined;
  /** Questions in a row that did not come to us. */
  #unheardCount = 0;
  #isAsking = false;
  #isShort = false;
  #isStopped = false;
  #lookedAtMs = performance.now();

  constructor({ hostname, port, isAlone }: WatchedListener, events: AcceptWatchEvents) {
    this.#hostname = reachable(hostname);
    this.#port = port;
    this.#isAlone = isAlone;
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
    const isLost = this.#looksLost();
    this.#forget();
    if (isLost && !isLate) return this.#lose("it stopped accepting");
    if (!this.#isAsking) this.#ask();
  }

  #looksLost(): boolean {
    if (this.#asked === undefined) return false;
    const isUnheard = this.#asked.acceptedBefore === this.#acceptedCount;
    this.#unheardCount = isUnheard ? this.#unheardCount + 1 : 0;
    if (this.#isAlone) return isUnheard;
    return this.#unheardCount >= UNHEARD && !this.#asked.isAnswered;
  }

  async #ask(): Promise<void> {
    const acceptedBefore = this.#acceptedCount;
    this.#isAsking = true;
    try {
      const connection = await Deno.connect({ hostname: this.#hostname, port: this.#port });
      if (this.#isStopped) return connection.close();
      this.#asked = { connection, acceptedBefore, isAnswered: false };
      if (!this.#isAlone) void this.#listen(this.#asked);
      if (this.#isShort) this.#events.onShortageOver();
      this.#isShort = false;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) this.#lose(error);
      else if (isShortage(error)) this.#isShort = true;
    } finally {
      this.#isAsking = false;
    }
  }

  async #listen(asked: { readonly connection: Deno.TcpConn; isAnswered: boolean }): Promise<void> {
    try {
      await asked.connection.write(QUESTION);
      asked.isAnswered = await asked.connection.read(new Uint8Array(64)) !== null;
    } catch {
      // No answer, then: the next look closed the connection, or whoever had it did.
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

/**
 * Whether a question that could not be asked tells of a shortage in which listeners may have been lost: mostly of
 * descriptors. Local ports run out where somebody opens and closes thousands of connections a second; no listener
 * takes harm of that.
 */
export function isShortage(error: unknown): boolean {
  return !(error instanceof Deno.errors.AddrNotAvailable);
}

/** An address that reaches a listener on `hostname`. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" || hostname === "[::]" ? "::1" : hostname;
}
