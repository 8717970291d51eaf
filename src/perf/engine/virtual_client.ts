/** What dialects and listeners see of a connection, and what they are told of it. */
import type { ErrorClass } from "../truth/error_classes.ts";

/** What an answer brought: what it should, something else, or a refusal. */
export type AnswerOutcome = "intact" | "changed" | "refused";

/** One virtual client, whatever carries it. */
export interface VirtualClient {
  /** Number of its target. */
  readonly target: number;
  /** Number of its own, from 0. */
  readonly index: number;
  /** What it subscribes to while it connects. */
  readonly channels: readonly string[];
  /** Of the dialect: messages that wait for an answer in order, greetings that came, and whether pings are answered. */
  readonly notes: { waiting: number[]; head: number; greetings: number; answersPings: boolean };
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Sends a text of the dialect's own: a greeting, a subscription, an answer to a ping. */
  sendText(text: string): void;
  /** The dialect says that the greeting is over. */
  greeted(): void;
  /** The dialect says that the server refused the greeting. */
  refused(errorClass: ErrorClass, text: string): void;
  /** The dialect says that message `index` was answered; `text` tells of a refusal. */
  answered(index: number, outcome: AnswerOutcome, text?: string): void;
  /** The dialect says that a publication of message `index` came, number `seq` of its publisher. */
  delivered(index: number, seq: number, isIntact: boolean): void;
  /** The dialect cannot read what came. */
  garbled(text: string): void;
}

/** What a client tells. None may throw. */
export interface ClientListener {
  /** Message `index` was answered. */
  onAnswer(client: VirtualClient, index: number, outcome: AnswerOutcome, text: string): void;
  /** A publication of message `index` came, number `seq` of its publisher. */
  onDelivery(client: VirtualClient, index: number, seq: number, isIntact: boolean): void;
  /** Something that nobody can read. */
  onGarbage(client: VirtualClient, text: string): void;
  /** The server ended the connection; `code` 1006 when it just vanished. */
  onLost(client: VirtualClient, errorClass: ErrorClass, text: string): void;
}
