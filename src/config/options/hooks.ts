/** Options of hooks over HTTP: the team's backend is asked before a node does what a client wants. */
import { isServiceUrl } from "../address.ts";
import { integer, text } from "../option.ts";

function hookUrl(what: string) {
  return text({
    initial: "",
    wants: "an http or https URL, or nothing",
    isWanted: (value) => value === "" || isServiceUrl(value, "http"),
    secrecy: "password",
    text: what,
  });
}

/** Whom to ask, and how patiently. */
export const hooks = {
  hooks_connect_url: hookUrl(
    "Asked at each connect, with or without a token. With it, a node without a token key is not in open mode.",
  ),
  hooks_refresh_url: hookUrl(
    "Asked when a connection expires that `hooks_connect_url` let in without a token.",
  ),
  hooks_subscribe_url: hookUrl("Asked at each subscribe of a client."),
  hooks_publish_url: hookUrl("Asked at each publish of a client."),
  hooks_rpc_url: hookUrl("Asked at each rpc of a client that no service and no method of the node answers."),
  hooks_secret: text({
    initial: "",
    wants: "16 to 1024 printable characters without spaces, or nothing",
    isWanted: (value) => value === "" || /^[\x21-\x7e]{16,1024}$/.test(value),
    secrecy: "whole",
    text: "Sent to the hooks as `Authorization: Bearer <secret>`, so that they know who asks.",
  }),
  hooks_timeout_ms: integer({
    min: 10,
    max: 60_000,
    initial: 3000,
    unit: "ms",
    text: "A hook, in TypeScript or over HTTP, that has not answered by then counts as failed: error 100.",
  }),
  hooks_max_concurrent: integer({
    min: 1,
    max: 65_536,
    initial: 256,
    unit: "requests",
    text:
      "Requests of one node to its hooks that are under way at once; 16 times as many may wait, more get 100.",
  }),
};
