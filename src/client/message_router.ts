import type { Centrifuge } from "centrifuge"; // centrifuge: the official SDK; the helper only speaks through it

/** What the server tells a provider or a caller. */
export interface ServiceMessage {
  readonly kind: "call" | "cancel" | "credit" | "chunk" | "end" | "error";
  /** The call that it is about. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Takes a message; true when it was meant for it. */
export type MessageTaker = (message: ServiceMessage) => boolean;

const KINDS: ReadonlySet<string> = new Set(["call", "cancel", "credit", "chunk", "end", "error"]);

/** One listener for each client, however many services and streams it has. */
class MessageRouter {
  readonly takers = new Set<MessageTaker>();

  constructor(client: Centrifuge) {
    client.on("message", ({ data }) => this.#take(data));
  }

  #take(data: unknown): void {
    const message = readMessage(data);
    if (message === undefined) return;
    for (const taker of this.takers) if (taker(message)) return;
  }
}

const routers = new WeakMap<Centrifuge, MessageRouter>();

/** Hands messages of services to `taker` until the answer is called. */
export function onServiceMessage(client: Centrifuge, taker: MessageTaker): () => void {
  const router = routers.get(client) ?? new MessageRouter(client);
  routers.set(client, router);
  router.takers.add(taker);
  return () => void router.takers.delete(taker);
}

function readMessage(data: unknown): ServiceMessage | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  for (const [kind, body] of Object.entries(data)) {
    if (!KINDS.has(kind) || typeof body !== "object" || body === null) return undefined;
    const id: unknown = Reflect.get(body, "id");
    return typeof id === "string" ? { kind: kind as ServiceMessage["kind"], id, body } : undefined;
  }
}
