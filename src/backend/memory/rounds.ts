/**
 * Goes through a map round and round, an entry at a time, so that what has ended is found without a timer and without
 * one long walk. Entries may come and go meanwhile.
 */
export class Rounds<Key, Value> {
  readonly #map: ReadonlyMap<Key, Value>;
  #entries: Iterator<[Key, Value]>;

  constructor(map: ReadonlyMap<Key, Value>) {
    this.#map = map;
    this.#entries = map.entries();
  }

  /** The entry whose turn it is; undefined at the end of a round. */
  next(): [Key, Value] | undefined {
    const { done, value } = this.#entries.next();
    if (!done) return value;
    this.#entries = this.#map.entries();
  }
}
