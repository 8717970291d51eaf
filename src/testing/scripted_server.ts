/**
 * A scripted server that speaks just enough of the client protocol (connect, subscribe, publish, rpc echo) to prove
 * that the load tester does not lie: it stalls, drops, doubles and swaps on command, and counts what it did.
 */
import { inTime } from "./waiting.ts";

/** What goes wrong with one kind of message; every Nth of one connection's, counted from 1. */
export interface Faults {
  readonly dropEvery?: number;
  readonly duplicateEvery?: number;
  /** Every Nth is held back until the next one has gone. */
  readonly swapEvery?: number;
}

/** How a {@linkcode ScriptedServer} behaves. */
export interface ScriptedServerOptions {
  /** Shared by the nodes of one fake cluster. */
  readonly bus?: ScriptedBus;
  /** Of rpc replies. */
  readonly echo?: Faults;
  /** Of publications to each subscriber. */
  readonly fanOut?: Faults;
  /** Once, this long after the first rpc, nothing is answered for `stallMs`; then all that waited. */
  readonly stall?: { readonly afterMs: number; readonly stallMs: number };
  /** Status that answers every upgrade. */
  readonly refuseStatus?: number;
  /** Closes each connection with this code instead of greeting it. */
  readonly closeCode?: number;
  /** Closes each connection with this code at its Nth rpc. */
  readonly closeAt?: { readonly rpc: number; readonly code: number };
  /** Greets nobody. */
  readonly isSilent?: boolean;
  /** Ends the data of rpc answers with another letter. */
  readonly isGarbling?: boolean;
  /** How long the next plain echo takes, milliseconds; the server echoes any message on paths not of the protocol. */
  readonly plainDelayMs?: () => number;
  /** Listens here instead of on a free port. */
  readonly port?: number;
}

/** What was done on purpose. */
export interface FaultCounts {
  rpcs: number;
  /** Messages that were echoed on other paths, and HTTP requests. */
  echoes: number;
  requests: number;
  publishes: number;
  dropped: number;
  duplicated: number;
  swapped: number;
}

type Deliver = (channel: string, line: string) => void;

/** Carries publications between fake nodes. */
export class ScriptedBus {
  readonly #nodes = new Set<Deliver>();

  join(deliver: Deliver): void {
    this.#nodes.add(deliver);
  }

  leave(deliver: Deliver): void {
    this.#nodes.delete(deliver);
  }

  publish(channel: string, line: string): void {
    for (const deliver of this.#nodes) deliver(channel, line);
  }
}

interface Command {
  readonly id: number;
  readonly connect?: unknown;
  readonly rpc?: { readonly data?: unknown };
  readonly subscribe?: { readonly channel: string };
  readonly publish?: { readonly channel: string; readonly data?: unknown };
}

/** One fake node on a free port of 127.0.0.1. Dispose it to end it. */
export class ScriptedServer implements AsyncDisposable {
  readonly counts: FaultCounts = {
    rpcs: 0,
    echoes: 0,
    requests: 0,
    publishes: 0,
    dropped: 0,
    duplicated: 0,
    swapped: 0,
  };
  readonly port: number;
  readonly #options: ScriptedServerOptions;
  readonly #bus: ScriptedBus;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #sessions = new Set<Session>();
  readonly #deliver: Deliver = (channel, line) => {
    for (const session of this.#sessions) session.deliver(channel, line);
  };
  #stalledUntilMs = 0;
  #stallTimers: ReturnType<typeof setTimeout>[] = [];
  #hasStalled = false;
  #waiting: (() => void)[] = [];

  constructor(options: ScriptedServerOptions = {}) {
    this.#options = options;
    this.#bus = options.bus ?? new ScriptedBus();
    this.#bus.join(this.#deliver);
    const quiet = { hostname: "127.0.0.1", port: options.port ?? 0, onListen() {} };
    this.#server = Deno.serve(quiet, (request) => this.#answer(request));
    this.port = this.#server.addr.port;
  }

  /** For `--targets`. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bus.leave(this.#deliver);
    for (const timer of this.#stallTimers) clearTimeout(timer);
    for (const session of this.#sessions) session.socket.close();
    await inTime("the end of a scripted server", this.#server.shutdown());
  }

  /** Runs `act` now, or when the stall is over, in order. */
  whenFlowing(act: () => void): void {
    if (performance.now() < this.#stalledUntilMs) this.#waiting.push(act);
    else act();
  }

  /** The first rpc starts the clock of the stall. */
  noteRpc(): void {
    this.counts.rpcs++;
    const { stall } = this.#options;
    if (stall === undefined || this.#hasStalled) return;
    this.#hasStalled = true;
    const begin = () => {
      this.#stalledUntilMs = performance.now() + stall.stallMs;
      this.#stallTimers.push(setTimeout(() => this.#endStall(), stall.stallMs));
    };
    this.#stallTimers.push(setTimeout(begin, stall.afterMs));
  }

  #endStall(): void {
    this.#stalledUntilMs = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act();
  }

  #answer(request: Request): Response {
    if (request.headers.get("upgrade") !== "websocket") {
      return this.#answerHttp(new URL(request.url).pathname);
    }
    if (this.#options.refuseStatus !== undefined) {
      return new Response("no", { status: this.#options.refuseStatus });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    if (!new URL(request.url).pathname.endsWith("/connection/websocket")) {
      socket.onmessage = (event) => this.#echo(socket, event.data);
      return response;
    }
    const session = new Session(socket, this, this.#bus, this.#options);
    this.#sessions.add(session);
    socket.onclose = () => this.#sessions.delete(session);
    return response;
  }

  #echo(socket: WebSocket, data: string | ArrayBuffer): void {
    this.counts.echoes++;
    const send = () => socket.readyState === WebSocket.OPEN ? socket.send(data) : undefined;
    const { plainDelayMs } = this.#options;
    if (plainDelayMs === undefined) send();
    else setTimeout(send, plainDelayMs());
  }

  #answerHttp(path: string): Response {
    if (path === "/counts") return Response.json(this.counts);
    this.counts.requests++;
    if (path === "/health") {
      return Response.json({
        status: "ok",
        node: `fake${this.port}`,
        version: "0",
        backend: { kind: "fake" },
      });
    }
    if (path === "/work") return new Response("done");
    if (path !== "/stats") return new Response("no", { status: 404 });
    return Response.json({
      node: { node: `fake${this.port}`, rss_bytes: 1_048_576, cpu_percent: 1, lag_ms: 0.5 },
    });
  }
}

class Session {
  readonly socket: WebSocket;
  readonly #node: ScriptedServer;
  readonly #bus: ScriptedBus;
  readonly #options: ScriptedServerOptions;
  readonly #channels = new Set<string>();
  readonly #echoFaults: FaultyLine;
  readonly #fanOutFaults = new Map<string, FaultyLine>();
  #rpcs = 0;

  constructor(socket: WebSocket, node: ScriptedServer, bus: ScriptedBus, options: ScriptedServerOptions) {
    this.socket = socket;
    this.#node = node;
    this.#bus = bus;
    this.#options = options;
    this.#echoFaults = this.#faulty(options.echo);
    socket.onopen = () =>
      options.closeCode === undefined ? undefined : socket.close(options.closeCode, "scripted");
    socket.onmessage = (event) => this.#onFrame(String(event.data));
  }

  deliver(channel: string, line: string): void {
    if (!this.#channels.has(channel)) return;
    let faulty = this.#fanOutFaults.get(channel);
    if (faulty === undefined) this.#fanOutFaults.set(channel, faulty = this.#faulty(this.#options.fanOut));
    const through = faulty;
    this.#node.whenFlowing(() => through.send(line));
  }

  #faulty(faults: Faults = {}): FaultyLine {
    return new FaultyLine(faults, this.#node.counts, (line) => this.#send(line));
  }

  #send(line: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(line);
  }

  #onFrame(frame: string): void {
    for (const line of frame.split("\n")) {
      if (line !== "{}" && !this.#options.isSilent) this.#onCommand(JSON.parse(line));
    }
  }

  #onCommand(command: Command): void {
    const { id } = command;
    if (command.connect !== undefined) this.#reply({ id, connect: { client: "c", ping: 25, pong: true } });
    else if (command.rpc !== undefined) this.#onRpc(id, command.rpc.data);
    else if (command.subscribe !== undefined) this.#onSubscribe(id, command.subscribe.channel);
    else if (command.publish !== undefined) {
      this.#onPublish(id, command.publish.channel, command.publish.data);
    }
  }

  #onRpc(id: number, data: unknown): void {
    this.#node.noteRpc();
    this.#rpcs++;
    const { closeAt, isGarbling } = this.#options;
    if (closeAt !== undefined && this.#rpcs >= closeAt.rpc) {
      return this.socket.close(closeAt.code, "scripted");
    }
    const answer = isGarbling === true ? `${data}!` : data;
    this.#node.whenFlowing(() => this.#echoFaults.send(JSON.stringify({ id, rpc: { data: answer } })));
  }

  #onSubscribe(id: number, channel: string): void {
    this.#channels.add(channel);
    this.#reply({ id, subscribe: {} });
  }

  #onPublish(id: number, channel: string, data: unknown): void {
    this.#node.counts.publishes++;
    this.#bus.publish(channel, JSON.stringify({ push: { channel, pub: { data } } }));
    this.#reply({ id, publish: {} });
  }

  #reply(reply: unknown): void {
    this.#node.whenFlowing(() => this.#send(JSON.stringify(reply)));
  }
}

/** Sends lines, and does to every Nth what the script says. A held line goes after the next one. */
class FaultyLine {
  readonly #faults: Faults;
  readonly #counts: FaultCounts;
  readonly #send: (line: string) => void;
  #count = 0;
  #held: string | undefined;

  constructor(faults: Faults, counts: FaultCounts, send: (line: string) => void) {
    this.#faults = faults;
    this.#counts = counts;
    this.#send = send;
  }

  send(line: string): void {
    this.#count++;
    const { dropEvery = 0, duplicateEvery = 0, swapEvery = 0 } = this.#faults;
    if (this.#isNth(dropEvery)) {
      this.#counts.dropped++;
      return;
    }
    if (this.#isNth(swapEvery) && this.#held === undefined) {
      this.#held = line;
      return;
    }
    this.#send(line);
    if (this.#isNth(duplicateEvery)) {
      this.#counts.duplicated++;
      this.#send(line);
    }
    this.#letGo();
  }

  #isNth(every: number): boolean {
    return every > 0 && this.#count % every === 0;
  }

  #letGo(): void {
    if (this.#held === undefined) return;
    this.#counts.swapped++;
    this.#send(this.#held);
    this.#held = undefined;
  }
}
