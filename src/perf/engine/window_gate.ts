/**
 * Hands the messages of a plan to connections in turn, and holds back those of a connection that already has `window`
 * unanswered ones. Held messages keep their intended time, so the wait shows in their latency.
 */
export class WindowGate {
  readonly #window: number;
  readonly #send: (index: number) => boolean;
  readonly #releasedBy: Int32Array;
  readonly #sentBy: Int32Array;
  readonly #waitingBy: Int32Array;
  #released = 0;
  #sent = 0;

  /** Message k belongs to connection `k mod connections`. `window` 0: nothing is held. `send` says whether the
   * message left, and must not throw. */
  constructor(connections: number, window: number, send: (index: number) => boolean) {
    this.#window = window;
    this.#send = send;
    this.#releasedBy = new Int32Array(connections);
    this.#sentBy = new Int32Array(connections);
    this.#waitingBy = new Int32Array(connections);
  }

  /** Messages released so far. */
  get released(): number {
    return this.#released;
  }

  /** Messages released and not yet handed to `send`. */
  get held(): number {
    return this.#released - this.#sent;
  }

  /** The next message is due. */
  release(): void {
    const connection = this.#released % this.#releasedBy.length;
    this.#releasedBy[connection] = (this.#releasedBy[connection] ?? 0) + 1;
    this.#released++;
    this.#pump(connection);
  }

  /** A message of `connection` that left is settled. */
  answered(connection: number): void {
    this.#waitingBy[connection] = Math.max(0, (this.#waitingBy[connection] ?? 0) - 1);
    this.#pump(connection);
  }

  /** No answer can come on `connection` any more: its held messages go to `send` at once, and later ones too. */
  lost(connection: number): void {
    this.#waitingBy[connection] = 0;
    this.#pump(connection);
  }

  /** Gives up all held messages and answers their numbers. */
  takeHeld(): readonly number[] {
    const taken: number[] = [];
    for (let connection = 0; connection < this.#sentBy.length; connection++) {
      const released = this.#releasedBy[connection] ?? 0;
      for (let nth = this.#sentBy[connection] ?? 0; nth < released; nth++) {
        taken.push(nth * this.#releasedBy.length + connection);
      }
      this.#sentBy[connection] = released;
    }
    this.#sent += taken.length;
    return taken;
  }

  #pump(connection: number): void {
    while (this.#maySend(connection)) {
      const nth = this.#sentBy[connection] ?? 0;
      this.#sentBy[connection] = nth + 1;
      this.#sent++;
      const hasLeft = this.#send(nth * this.#releasedBy.length + connection);
      if (hasLeft) this.#waitingBy[connection] = (this.#waitingBy[connection] ?? 0) + 1;
    }
  }

  #maySend(connection: number): boolean {
    const hasHeld = (this.#sentBy[connection] ?? 0) < (this.#releasedBy[connection] ?? 0);
    return hasHeld && (this.#window === 0 || (this.#waitingBy[connection] ?? 0) < this.#window);
  }
}
