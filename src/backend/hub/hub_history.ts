import type { History } from "../backend.ts";
import { encodeAppend } from "./append_text.ts";
import type { Call } from "./calls.ts";
import { Kind } from "./frame.ts";
import type { HubLink } from "./hub_link.ts";

/** {@linkcode History} over a link; publishes go the way of the bus, so that both keep one order. */
export function historyOver(link: HubLink, call: Call): History {
  return {
    publish: (channel, message, options, done) =>
      link.publish(Kind.append, channel, encodeAppend(message, options), done),
    read: (channel, filter) => call("readHistory", channel, filter),
    remove: (channel) => call("removeHistory", channel),
  };
}
