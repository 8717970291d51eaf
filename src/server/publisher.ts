/** Where a publication goes: into the channel's history, or past it to whoever is there now. */
import type { Backend, StreamPosition } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { ClientError } from "../core/errors.ts";
import { channelKey } from "../protocol/channel_name.ts";
import { encodePublication } from "../protocol/envelope.ts";
import { payloadOf } from "../protocol/payload.ts";
import { type PublicationExtras, publicationFields } from "../protocol/publication_fields.ts";
import type { ChannelOptions } from "./options.ts";
import type { Traffic } from "./traffic.ts";

/** A publication that somebody wants made. */
export interface PublishRequest extends Omit<PublicationExtras, "timeMs"> {
  readonly workspace: string;
  readonly channel: string;
  /** Raw JSON, one line. */
  readonly payload: string;
  /** A repeated publish with the same key, within five minutes, reaches nobody. Needs history. */
  readonly idempotencyKey?: string | undefined;
  /** Reaches subscribers without being kept, and has no position. */
  readonly isFleeting?: boolean | undefined;
}

/** Called once: with the reason why not, or with where it was kept, if it was. */
export type PublishedDone = (error: Error | undefined, position?: StreamPosition) => void;

/** What a publisher is made of. */
export interface PublisherOptions {
  readonly backend: Pick<Backend, "bus" | "history">;
  readonly clock: Clock;
  /** Counts what is tried. */
  readonly traffic: Pick<Traffic, "publications">;
}

/** Makes publications through one backend. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes; `done` is called exactly once, later, and per channel in the order of the calls. A failed publish is not
   * tried again: whether it was taken is unknown, and only who asked can tell what a second one would do.
   */
  publish(options: ChannelOptions, request: PublishRequest, done: PublishedDone): void {
    const { backend, clock, traffic } = this.#options;
    traffic.publications++;
    const key = channelKey(request.workspace, request.channel);
    const { historySize, historyTtl } = options;
    if (historySize === 0 || request.isFleeting) return this.#pass(key, request, done);
    const fields = publicationFields({ ...request, timeMs: Math.round(clock.wallMs()) });
    const { idempotencyKey } = request;
    backend.history.publish(key, encodePublication(request.payload, fields), {
      size: historySize,
      ttlMs: historyTtl * 1000,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }, done);
  }

  /**
   * Publishes `data`, any JSON value. Resolves when the backend took it, with where it is kept if it is; rejects as
   * {@linkcode publish} fails. Throws `TypeError` for what JSON cannot say.
   */
  publishValue(
    options: ChannelOptions,
    request: Omit<PublishRequest, "payload">,
    data: unknown,
  ): Promise<StreamPosition | undefined> {
    const payload = payloadOf(data);
    return new Promise((resolve, reject) => {
      this.publish(options, { ...request, payload }, (error, position) => {
        if (error === undefined) resolve(position);
        else reject(error);
      });
    });
  }

  #pass(key: string, request: PublishRequest, done: PublishedDone): void {
    if (request.idempotencyKey !== undefined) {
      const detail = `an idempotency key needs history, which "${request.channel}" does not keep`;
      return queueMicrotask(() => done(new ClientError("badRequest", { detail })));
    }
    this.#options.backend.bus.publish(
      key,
      encodePublication(request.payload, publicationFields(request)),
      done,
    );
  }
}
