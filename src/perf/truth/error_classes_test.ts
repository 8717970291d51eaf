import assert from "node:assert/strict";
import { classifyClose, classifyConnect, ErrorTally } from "./error_classes.ts";

Deno.test("classifyConnect() reads the runtime's texts", () => {
  const texts = [
    "NetworkError: failed to connect to WebSocket: Invalid status code: 503",
    "NetworkError: failed to connect to WebSocket: Invalid status code: 403",
    "NetworkError: failed to connect to WebSocket: Invalid status code: 200",
    "NetworkError: failed to connect to WebSocket: dns error",
    "Connection refused (os error 111)",
    "Too many open files (os error 24)",
    "Cannot assign requested address (os error 99)",
    "NetworkError: failed to connect to WebSocket: connection closed before message completed",
    "received corrupt message of type InvalidContentType",
  ];
  assert.deepEqual(texts.map(classifyConnect), [
    "upgrade_status_5xx",
    "upgrade_status_4xx",
    "upgrade_invalid",
    "dns",
    "refused",
    "fd_limit",
    "port_limit",
    "reset",
    "tls",
  ]);
});

Deno.test("classifyConnect() reads the texts of node:net, which connections from a named address bring", () => {
  const texts = [
    ["getaddrinfo ENOTFOUND nowhere.invalid", "dns"],
    ["connect ECONNREFUSED 127.0.0.1:9", "refused"],
    ["connect EADDRINUSE 127.0.0.1:8080 - Local (0.0.0.0:0)", "port_limit"],
    ["bind EINVAL 203.0.113.9", "port_limit"],
    ["connect EMFILE 127.0.0.1:8080", "fd_limit"],
    ["unable to verify the first certificate", "tls"],
    ["read ECONNRESET", "reset"],
  ] as const;
  for (const [text, errorClass] of texts) assert.equal(classifyConnect(text), errorClass, text);
});

Deno.test("classifyClose() names the known codes and gathers the rest", () => {
  assert.deepEqual([1013, 0, 1005, 3008].map(classifyClose), [
    "server_close_1013",
    "server_close_1006",
    "server_close_1006",
    "server_close_other",
  ]);
});

Deno.test("ErrorTally rows() keeps the first sample and both times", () => {
  const tally = new ErrorTally();
  tally.add("reset", "a", "first", 10);
  tally.add("reset", "a", "second", 30, 4);
  tally.add("reset", "b", "other", 20);
  assert.deepEqual(tally.rows(), [
    { class: "reset", instance: "a", count: 5, firstMs: 10, lastMs: 30, sample: "first" },
    { class: "reset", instance: "b", count: 1, firstMs: 20, lastMs: 20, sample: "other" },
  ]);
});
