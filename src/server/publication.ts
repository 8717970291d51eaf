import type { StoredMessage, StreamPosition } from "../backend/backend.ts";
import { Line } from "../core/frame.ts";
import { decodePublication, type PublicationEnvelope } from "../protocol/envelope.ts";
import { publicationJson, publicationLine, textPublicationLine } from "../protocol/json_codec.ts";
import { isBinaryPayload, type ReadFields, readPublicationFields } from "../protocol/publication_fields.ts";
import { deltaBetween } from "./delta.ts";
import type { Placed } from "./positions.ts";

/** What a publication in a channel without history has in place of a position. */
const nowhere: StreamPosition = { offset: 0, epoch: "" };

/** A publication as it reaches the subscribers of one node: encoded at most once per encoding, however many they are. */
export class Publication implements Placed {
  /** Name of the channel, without workspace. */
  readonly channel: string;
  /** Where it stands in the channel's history; offset 0 when it is in none. */
  readonly place: StreamPosition;
  readonly #envelope: PublicationEnvelope;
  readonly #prefix: string;
  /** Payload of the publication before this one, while somebody wants differences. */
  readonly before: string | undefined;
  #jsonLine: Line | undefined;
  #wholeLine: Line | undefined;
  #deltaLine: Line | undefined;
  #fields: ReadFields | undefined;

  constructor(
    channel: string,
    prefix: string,
    envelope: PublicationEnvelope,
    place: StreamPosition = nowhere,
    before?: string,
  ) {
    this.channel = channel;
    this.place = place;
    this.#prefix = prefix;
    this.#envelope = envelope;
    this.before = before;
  }

  get offset(): number {
    return this.place.offset;
  }

  get epoch(): string {
    return this.place.epoch;
  }

  /** Raw JSON of the payload. */
  get data(): string {
    return this.#envelope.data;
  }

  /** The payload, if the next publication may be told as a difference to it: bytes that JSON has as base64 are no base
   * for those who have the bytes. */
  get base(): string | undefined {
    return isBinaryPayload(this.#envelope.fields) ? undefined : this.data;
  }

  /** Tags and key; the same object at each call. */
  get fields(): ReadFields {
    return this.#fields ??= readPublicationFields(this.#envelope.fields);
  }

  /** The push in the JSON encoding. */
  get jsonLine(): Line {
    return this.#jsonLine ??= publicationLine(this.#prefix, this.#envelope.data, this.#wireFields());
  }

  /** The push for a subscriber with differences who has not got {@linkcode before}: the payload as JSON text. */
  get wholeLine(): Line {
    return this.#wholeLine ??= this.#textLine(this.data, "");
  }

  /** The push for a subscriber who has {@linkcode before}. */
  get deltaLine(): Line {
    return this.#deltaLine ??= this.#makeDeltaLine();
  }

  #makeDeltaLine(): Line {
    const { before, base } = this;
    const delta = before === undefined || base === undefined ? undefined : deltaBetween(before, base);
    return delta === undefined ? this.wholeLine : this.#textLine(delta, `"delta":true`);
  }

  #textLine(text: string, mark: string): Line {
    return textPublicationLine(this.#prefix, text, joinFields(this.#wireFields(), mark));
  }

  #wireFields(): string {
    const { fields } = this.#envelope;
    return this.offset === 0 ? fields : joinFields(fields, `"offset":${this.offset}`);
  }
}

/** Publications of one channel that reach its subscribers together, in the channel's order. */
export class PublicationBatch {
  readonly publications: readonly Publication[];
  #jsonLine: Line | undefined;

  constructor(publications: readonly Publication[]) {
    this.publications = publications;
  }

  /** All of them in the JSON encoding: whoever gets them all is owed one line, not one for each. */
  get jsonLine(): Line {
    return this.#jsonLine ??= Line.join(this.publications.map(({ jsonLine }) => jsonLine));
  }
}

/** A publication of a history as lists on the wire have it; undefined when the stored message is none. */
export interface StoredPublication {
  readonly offset: number;
  readonly envelope: PublicationEnvelope;
  readonly fields: ReadFields;
}

/** Reads stored messages; what is no publication is left out. */
export function storedPublications(messages: readonly StoredMessage[]): readonly StoredPublication[] {
  return messages.flatMap(({ offset, message }) => {
    const envelope = decodePublication(message);
    if (envelope === undefined) return [];
    return [{ offset, envelope, fields: readPublicationFields(envelope.fields) }];
  });
}

/** JSON objects for lists: payloads as they are. */
export function plainList(publications: readonly StoredPublication[]): readonly string[] {
  return publications.map(({ offset, envelope }) =>
    publicationJson(envelope.data, joinFields(envelope.fields, `"offset":${offset}`))
  );
}

/** JSON objects for lists: the first payload as JSON text, the others as differences from the one before. */
export function deltaList(publications: readonly StoredPublication[]): readonly string[] {
  let before: string | undefined;
  return publications.map(({ offset, envelope: { data, fields } }) => {
    const base = isBinaryPayload(fields) ? undefined : data;
    const delta = before === undefined || base === undefined ? undefined : deltaBetween(before, base);
    before = base;
    const place = joinFields(fields, `"offset":${offset}`);
    const marked = delta === undefined ? place : joinFields(place, `"delta":true`);
    return publicationJson(JSON.stringify(delta ?? data), marked);
  });
}

function joinFields(first: string, second: string): string {
  return first === "" || second === "" ? first + second : `${first},${second}`;
}

/** Somebody who is subscribed to channels. */
export interface Subscriber {
  /** Called for each publication in the channel's order. Must not throw. */
  onPublication(publication: Publication): void;
  /** The same as {@linkcode onPublication} for each of them. Must not throw. */
  onBatch(batch: PublicationBatch): void;
}
