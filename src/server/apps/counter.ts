import { type AppSession, defineApp } from "./app.ts";

/** A session may be resumed for this long after its last message. */
const SESSION_TTL_MS = 3_600_000;
const SESSION_ID = /^[0-9a-f]{32}$/;
/** What is published here reaches every counter client of the cluster. */
const EVENTS = "app:counter";

/** Counts messages per session, cluster-wide, and passes on server events. See `docs/protocol.md`, plain apps. */
export const counter = defineApp({
  async open(client) {
    const sessionId = await resume(client) ?? await begin(client);
    client.state = sessionId;
    await client.subscribe(EVENTS, (data) => sendEvent(client, data));
    client.send({ type: "session", sessionId, timestamp: now() });
  },

  async message(client, message) {
    if (typeof message !== "string") {
      return sendError(client, "", "text is expected: this message was binary");
    }
    try {
      const messageCount = await client.counters.increment(`counter/${client.state}`, SESSION_TTL_MS);
      client.send({ type: "response", message, messageCount });
    } catch (error) {
      sendError(client, message, error instanceof Error ? error.message : "internal server error");
    }
  },
});

async function resume(client: AppSession): Promise<string | undefined> {
  const id = client.query.get("sessionId") ?? "";
  if (!SESSION_ID.test(id)) return undefined;
  return await client.counters.touch(`counter/${id}`, SESSION_TTL_MS) ? id : undefined;
}

async function begin(client: AppSession): Promise<string> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  await client.counters.create(`counter/${id}`, SESSION_TTL_MS);
  return id;
}

function sendEvent(client: AppSession, data: unknown): void {
  client.send({ type: "server-event", message: data, timestamp: now() });
}

function sendError(client: AppSession, message: string, error: string): void {
  client.send({ type: "error", message, error });
}

function now(): string {
  return new Date().toISOString();
}
