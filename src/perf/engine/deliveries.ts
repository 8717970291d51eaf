/**
 * The account of publications: what every subscriber should have got of every publisher, what it got, and how long the
 * first, median and last subscriber of one publication waited. Memory is bounded by pairs and by `slots`.
 */
import { BucketCounts } from "../truth/bucket_counts.ts";
import { encodeHistogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { Arrival, LedgerCounts } from "../truth/ledger.ts";
import { PairLedger } from "../truth/pair_ledger.ts";
import { Recorder } from "../truth/recorder.ts";
import type { CrossCell, FanOutLatency } from "./load_result.ts";
import type { MessageKind, Routing } from "./routing.ts";
import type { PairTelemetry } from "./telemetry.ts";

/** What {@linkcode Deliveries} needs. */
export interface DeliveriesOptions {
  readonly routing: Routing;
  /** Names of the instances. */
  readonly instances: readonly string[];
  readonly connections: number;
  /** Publications under way at once. */
  readonly slots: number;
}

interface Cell {
  readonly latency: Recorder;
  readonly ranks: {
    readonly first: BucketCounts;
    readonly median: BucketCounts;
    readonly last: BucketCounts;
  };
  expected: number;
  received: number;
  duplicate: number;
  reordered: number;
  late: number;
}

/** Follows all publications of one process. */
export class Deliveries {
  readonly #routing: Routing;
  readonly #instances: readonly string[];
  readonly #ledger: PairLedger;
  readonly #sequences: Int32Array;
  readonly #subscribers = new Map<number, Int32Array>();
  readonly #cells: readonly Cell[];
  readonly #mask: number;
  readonly #owner: Int32Array;
  readonly #arrived: Int32Array;
  readonly #wanted: Int32Array;
  readonly #ranks = { first: newHistogram(), median: newHistogram(), last: newHistogram() };
  /** Publications that left, and those that the server refused. */
  readonly publications = { sent: 0, refused: 0 };
  #expected = 0;
  #received = 0;
  #isClosed = false;

  constructor(options: DeliveriesOptions) {
    const { routing, instances, connections } = options;
    this.#routing = routing;
    this.#instances = instances;
    this.#ledger = new PairLedger(routing.pairs);
    this.#sequences = new Int32Array(2 * connections);
    const digits = instances.length > MAX_EXACT_INSTANCES ? 2 : 3;
    this.#cells = Array.from({ length: instances.length ** 2 }, () => newCell(digits));
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, options.slots)));
    this.#mask = slots - 1;
    this.#owner = new Int32Array(slots).fill(-1);
    this.#arrived = new Int32Array(slots);
    this.#wanted = new Int32Array(slots);
  }

  /** Deliveries that are still to come. */
  get outstanding(): number {
    return this.#expected - this.#received;
  }

  /** Connection `connection` on instance `target` is subscribed to all its channels. */
  subscribed(connection: number, target: number): void {
    for (const channel of this.#routing.channelsOf(connection)) {
      let counts = this.#subscribers.get(channel);
      if (counts === undefined) {
        this.#subscribers.set(channel, counts = new Int32Array(this.#instances.length));
      }
      counts[target] = (counts[target] ?? 0) + 1;
    }
  }

  /** The number that the next publication of `sender` carries. */
  nextSequence(kind: MessageKind, sender: number): number {
    return this.#sequences[this.#routing.sequenceOf(kind, sender)] ?? 0;
  }

  /** Message `index` of `sender`, on instance `from`, has left: from now on its deliveries are expected. */
  published(index: number, kind: MessageKind, sender: number, from: number): void {
    const sequence = this.#routing.sequenceOf(kind, sender);
    this.#sequences[sequence] = (this.#sequences[sequence] ?? 0) + 1;
    this.publications.sent++;
    const wanted = this.#expect(kind, sender, from, 1);
    const slot = index & this.#mask;
    this.#owner[slot] = index;
    this.#arrived[slot] = 0;
    this.#wanted[slot] = wanted;
  }

  /** The server refused message `index`: nobody is to get it. */
  refused(index: number, kind: MessageKind, sender: number, from: number): void {
    const slot = index & this.#mask;
    if (this.#owner[slot] === index) this.#owner[slot] = -1;
    this.publications.refused++;
    this.#expect(kind, sender, from, -1);
  }

  /** Message `index`, number `seq` of `sender`, came to `subscriber`. `kind` decides its pair. */
  observe(
    seq: number,
    kind: MessageKind,
    sender: number,
    from: number,
    subscriber: number,
    to: number,
  ): Arrival {
    const arrival = this.#ledger.observe(this.#routing.pairOf(kind, sender, subscriber), seq);
    const cell = this.#cellOf(from, to);
    if (arrival === "duplicate") cell.duplicate++;
    else {
      cell.received++;
      this.#received++;
      if (this.#isClosed) cell.late++;
      if (arrival === "reordered") cell.reordered++;
    }
    return arrival;
  }

  /** Times one arrival that was no duplicate. All on the monotonic clock, milliseconds. */
  time(index: number, from: number, to: number, dueMs: number, sentMs: number, nowMs: number): void {
    const cell = this.#cellOf(from, to);
    cell.latency.answered(dueMs, sentMs, nowMs);
    const slot = index & this.#mask;
    if (this.#owner[slot] !== index) return;
    const arrived = (this.#arrived[slot] ?? 0) + 1;
    const wanted = this.#wanted[slot] ?? 0;
    this.#arrived[slot] = arrived;
    if (arrived === 1) this.#rank("first", cell, nowMs - dueMs);
    if (arrived === Math.ceil(wanted / 2)) this.#rank("median", cell, nowMs - dueMs);
    if (arrived === wanted) this.#rank("last", cell, nowMs - dueMs);
  }

  #rank(rank: "first" | "median" | "last", cell: Cell, ms: number): void {
    recordMs(this.#ranks[rank], ms);
    cell.ranks[rank].recordMs(ms);
  }

  /** The drain is over: what comes from now on is late. */
  endDrain(): void {
    this.#isClosed = true;
  }

  /** One cell for each pair of instances. */
  cells(): readonly CrossCell[] {
    return this.#cells.map((cell, at) => ({
      from: this.#instances[Math.floor(at / this.#instances.length)] ?? "?",
      to: this.#instances[at % this.#instances.length] ?? "?",
      ledger: countsOf(cell),
      latency: cell.latency.toData(),
    }));
  }

  /** Pairs of instances that had any delivery, for live metrics. */
  telemetry(): readonly PairTelemetry[] {
    return this.#cells.flatMap((cell, at) => {
      if (cell.received === 0) return [];
      const { latency, ranks: { first, median, last }, duplicate, reordered, late } = cell;
      return [{
        from: this.#instances[Math.floor(at / this.#instances.length)] ?? "?",
        to: this.#instances[at % this.#instances.length] ?? "?",
        latency: latency.buckets.corrected.toData(),
        first: first.toData(),
        median: median.toData(),
        last: last.toData(),
        duplicate,
        reordered,
        late,
      }];
    });
  }

  /** Latency to the first, median and last subscriber. */
  fanOut(): FanOutLatency {
    const { first, median, last } = this.#ranks;
    return { first: encodeHistogram(first), median: encodeHistogram(median), last: encodeHistogram(last) };
  }

  #expect(kind: MessageKind, sender: number, from: number, sign: 1 | -1): number {
    const counts = this.#subscribers.get(this.#routing.channelOf(kind, sender));
    if (counts === undefined) return 0;
    let wanted = 0;
    for (let to = 0; to < counts.length; to++) {
      const count = counts[to] ?? 0;
      this.#cellOf(from, to).expected += sign * count;
      wanted += count;
    }
    this.#expected += sign * wanted;
    return wanted;
  }

  #cellOf(from: number, to: number): Cell {
    const cell = this.#cells[from * this.#instances.length + to];
    if (cell === undefined) throw new RangeError(`No cell from ${from} to ${to}`);
    return cell;
  }
}

/** Pairs grow with the square: beyond this they keep two digits each, or they would be most of the report. */
const MAX_EXACT_INSTANCES = 6;

function newCell(digits: 2 | 3): Cell {
  const ranks = { first: new BucketCounts(), median: new BucketCounts(), last: new BucketCounts() };
  const latency = new Recorder(digits);
  return { latency, ranks, expected: 0, received: 0, duplicate: 0, reordered: 0, late: 0 };
}

function countsOf(cell: Cell): LedgerCounts {
  const { expected, received, duplicate, reordered, late } = cell;
  return { expected, received, lost: Math.max(0, expected - received), duplicate, reordered, late };
}
