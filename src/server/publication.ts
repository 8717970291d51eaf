import type { Line } from "../core/frame.ts";
import { type PublicationEnvelope } from "../protocol/envelope.ts";
import { publicationLine } from "../protocol/json_codec.ts";

/** A publication as it reaches the subscribers of one node: encoded at most once per encoding, however many they are. */
export class Publication {
  /** Name of the channel, without workspace. */
  readonly channel: string;
  readonly #envelope: PublicationEnvelope;
  readonly #prefix: string;
  #jsonLine: Line | undefined;

  constructor(channel: string, prefix: string, envelope: PublicationEnvelope) {
    this.channel = channel;
    this.#prefix = prefix;
    this.#envelope = envelope;
  }

  /** Raw JSON of the payload. */
  get data(): string {
    return this.#envelope.data;
  }

  /** The push in the JSON encoding. */
  get jsonLine(): Line {
    return this.#jsonLine ??= publicationLine(this.#prefix, this.#envelope.data, this.#envelope.fields);
  }
}

/** Somebody who is subscribed to channels. */
export interface Subscriber {
  /** Called for each publication in the channel's order. Must not throw. */
  onPublication(publication: Publication): void;
}
