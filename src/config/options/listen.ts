/** Options of the listener and of who may reach it. */
import { isAddressRange, isHost, isOrigin } from "../address.ts";
import { boolean, choice, integer, list, text } from "../option.ts";

/** Where a node listens. */
export const listen = {
  port: integer({
    min: 0,
    max: 65_535,
    initial: 8080,
    text: "Port of the node; 0 takes any free one. `cluster` counts up from it.",
  }),
  host: text({
    initial: "127.0.0.1",
    wants: "an address or a host name, without port and brackets",
    isWanted: isHost,
    text: "Address to bind. Any other than a loopback address needs `token_hmac_secret` or `insecure`.",
  }),
  shared_port: integer({
    min: 0,
    max: 65_535,
    initial: 0,
    text: "Second port, shared by all nodes of one machine (SO_REUSEPORT, Linux only); 0 is off.",
  }),
  transport: choice(["tcp", "streams"], {
    initial: "tcp",
    text:
      "How connections are read and written: `tcp` goes below the streams of node:net where the runtime allows " +
      "it, `streams` does not and needs more CPU. Both keep the same bounds.",
  }),
  compression: choice(["off", "shared", "connection"], {
    initial: "off",
    text:
      "permessage-deflate for WebSockets: `shared` deflates a message once for all who get it, `connection` " +
      "deflates for each one with what it was sent before, which is smaller and costs time and memory.",
  }),
  compression_threshold: integer({
    min: 32,
    max: 1_048_576,
    initial: 256,
    unit: "bytes",
    text: "Shorter messages are not compressed.",
  }),
  node_name: text({
    initial: "",
    wants: "at most 64 letters, digits, dots, dashes or underscores",
    isWanted: (value) => /^[A-Za-z0-9._-]{0,64}$/.test(value),
    text: "Name of the node in logs and statistics; empty is its address.",
  }),
};

/** Who may reach a node. */
export const access = {
  insecure: boolean({
    initial: false,
    text: "Serves anyone on any address without tokens. For closed networks only.",
  }),
  allowed_origins: list({
    maxItems: 1000,
    wants: "an origin such as https://app.example.com, or * for all",
    isWanted: isOrigin,
    text: "Browser origins that may connect, beside the node's own.",
  }),
  trusted_proxies: list({
    maxItems: 1000,
    wants: "an IP address or a CIDR range such as 10.0.0.0/8",
    isWanted: isAddressRange,
    text:
      "Proxies whose X-Forwarded-For, or PROXY header (v1, v2), is believed. Needs `token_hmac_secret` or `insecure`.",
  }),
};

/** What a node logs. */
export const logging = {
  log_level: choice(["trace", "debug", "info", "warn", "error"], {
    initial: "info",
    text: "Lowest level that is logged. `info` has no line per message.",
  }),
  log_format: choice(["auto", "json", "pretty"], {
    initial: "auto",
    text: "`auto` is `pretty` on a terminal and `json` elsewhere.",
  }),
};
