import { ClientError } from "../core/errors.ts";
import { checkChannelName, namespaceOf } from "../protocol/channel_name.ts";
import type { ChannelOptions, NamespaceOptions } from "./options.ts";

/** Knows which options a channel has. */
export class ChannelRules {
  readonly #options: ChannelOptions;
  readonly #namespaces: ReadonlyMap<string, ChannelOptions>;
  readonly #maxNameLength: number;

  constructor(options: ChannelOptions, namespaces: readonly NamespaceOptions[], maxNameLength: number) {
    this.#options = options;
    this.#namespaces = new Map(namespaces.map((namespace) => [namespace.name, namespace]));
    this.#maxNameLength = maxNameLength;
  }

  /** The options of `channel`. Throws 107 for a name that no channel can have, 102 for an unknown namespace. */
  of(channel: string): ChannelOptions {
    checkChannelName(channel, this.#maxNameLength);
    const namespace = namespaceOf(channel);
    if (namespace === undefined) return this.#options;
    const options = this.#namespaces.get(namespace);
    if (options === undefined) {
      throw new ClientError("unknownChannel", { detail: `no namespace "${namespace}" is configured` });
    }
    return options;
  }

  /** The options by which the server itself publishes: of a namespace that nobody configured, those of all others. */
  find(channel: string): ChannelOptions {
    const namespace = namespaceOf(channel);
    return (namespace === undefined ? undefined : this.#namespaces.get(namespace)) ?? this.#options;
  }
}
