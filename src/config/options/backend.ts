/** Options of what nodes share: Redis, and how they watch one another. */
import { isRedisUrl } from "../address.ts";
import { integer, list, text } from "../option.ts";

const URL_WORDS = "a URL such as redis://127.0.0.1:6379 or rediss://user:password@host:6379";

/** How nodes reach each other. */
export const backend = {
  redis_url: text({
    initial: "",
    wants: "a URL such as redis://127.0.0.1:6379 or rediss://user:password@host:6379/0",
    isWanted: (value) => value === "" || isRedisUrl(value),
    secrecy: "password",
    text: "Redis that the nodes share. Empty: `start` keeps all in memory, `cluster` uses its embedded hub.",
  }),
  redis_urls: list({
    wants: URL_WORDS,
    maxItems: 64,
    isWanted: isRedisUrl,
    secrecy: "password",
    text:
      "Several Redis servers that know nothing of each other, in place of `redis_url`: channels are spread over " +
      "them, the first has the registry. The same list, in the same order, on all nodes.",
  }),
  redis_cluster: list({
    wants: URL_WORDS,
    maxItems: 64,
    isWanted: isRedisUrl,
    secrecy: "password",
    text:
      "Some servers of a Redis Cluster (7.0 or later), in place of `redis_url`. Login and TLS of the first are " +
      "those of all.",
  }),
  redis_sentinels: list({
    wants: "a URL such as redis://host:26379 or rediss://user:password@host:26379",
    maxItems: 16,
    isWanted: isRedisUrl,
    secrecy: "password",
    text:
      "Sentinels, each with the login that it wants. They say where Redis is; of `redis_url` only user, " +
      "password, database and TLS count then.",
  }),
  redis_sentinel_master: text({
    initial: "mymaster",
    wants: "the name of a master, without spaces",
    isWanted: (value) => /^[\x21-\x7e]{1,128}$/.test(value),
    text: "Name under which the sentinels know the master.",
  }),
  redis_ca: text({
    initial: "",
    wants: "a certificate in PEM",
    isWanted: (value) => value === "" || value.includes("-----BEGIN CERTIFICATE-----"),
    text: "Certificate authority that is trusted for `rediss://` beside the usual ones.",
  }),
  redis_prefix: text({
    initial: "shoal:",
    // Braces would move the hash tag, and with it every key of a Lua script to another slot.
    wants: "at most 64 printable characters without spaces and braces",
    isWanted: (value) => /^[\x21-\x7a|~]{0,64}$/.test(value),
    text: "Start of every key and channel in Redis; two clusters on one Redis need two prefixes.",
  }),
  partitions: integer({
    min: 1,
    max: 4096,
    isPowerOfTwo: true,
    initial: 64,
    text: "Parts into which channels are split. All nodes of a cluster need the same number.",
  }),
  publish_timeout_ms: integer({
    min: 10,
    max: 60_000,
    initial: 2000,
    unit: "ms",
    text: "A publish that the backend has not taken by then answers error 100.",
  }),
  subscribe_timeout_ms: integer({
    min: 10,
    max: 60_000,
    initial: 5000,
    unit: "ms",
    text: "A subscribe that the backend has not confirmed by then answers error 100.",
  }),
  acknowledge_timeout_ms: integer({
    min: 10,
    max: 60_000,
    initial: 2000,
    unit: "ms",
    text: "A direct message or an order that another node has not acknowledged by then answers error 408.",
  }),
  unsubscribe_delay_ms: integer({
    min: 0,
    max: 60_000,
    initial: 1000,
    unit: "ms",
    text: "How long a node keeps a channel after its last subscriber left.",
  }),
  probe_timeout_ms: integer({
    min: 100,
    max: 60_000,
    initial: 3000,
    unit: "ms",
    text: "`/health/ready` turns red when a probe through the backend takes longer.",
  }),
};

/** How nodes watch one another. */
export const membership = {
  beat_interval_ms: integer({
    min: 50,
    max: 60_000,
    initial: 1000,
    unit: "ms",
    text: "How often a node says that it lives. Less than `node_suspect_ms`.",
  }),
  node_suspect_ms: integer({
    min: 100,
    max: 300_000,
    initial: 2500,
    unit: "ms",
    text: "A node silent for so long, whose own channel has no listener, is dead. Less than `node_dead_ms`.",
  }),
  node_dead_ms: integer({
    min: 200,
    max: 600_000,
    initial: 5000,
    unit: "ms",
    text: "A node silent for so long is dead, whatever else is seen of it.",
  }),
};
