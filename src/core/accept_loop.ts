import { setTimeout as pause } from "node:timers/promises";

/** What is done with connections, and for how long. */
export interface AcceptLoop<C> {
  readonly accept: (connection: C) => void;
  /** Told of each try that failed. */
  readonly onFailure: (cause: unknown) => void;
  /** After a try that failed the next one is made so much later, in milliseconds. */
  readonly againMs: number;
  readonly ended: AbortSignal;
}

/** Accepts from `listener` until `ended`. A lack of descriptors passes, so it is no reason to stop. */
export async function acceptUntilEnded<C extends { close(): void }>(
  listener: { accept(): Promise<C> },
  { accept, onFailure, againMs, ended }: AcceptLoop<C>,
): Promise<void> {
  while (!ended.aborted) {
    try {
      const connection = await listener.accept();
      // Taken in the moment of the end: nobody would end it any more.
      if (ended.aborted) return connection.close();
      accept(connection);
    } catch (cause) {
      if (ended.aborted) return;
      onFailure(cause);
      await pause(againMs, undefined, { signal: ended }).catch(() => {}); // cut short by the end
    }
  }
}
