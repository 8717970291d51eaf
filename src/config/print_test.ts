import assert from "node:assert/strict";
import { printedConfig } from "./print.ts";
import { configOf, resolveLayers } from "./resolve.ts";
import { optionNames } from "./schema.ts";
import { objectLayer } from "./source.ts";

Deno.test("printedConfig() masks secrets", () => {
  const tokenHmacSecret = "hunter2".repeat(5);
  const apiKeys = [{ name: "backend", key: "hunter2".repeat(5), methods: ["publish"] }];
  const printed = printedConfig(configOf({ tokenHmacSecret, apiKeys, redisUrl: "redis://u:hunter2@h:6379" }));
  assert.doesNotMatch(printed, /hunter2/);
  const { api_keys: keys } = JSON.parse(printed);
  assert.deepEqual(keys, [{ name: "backend", key: "***", workspaces: ["default"], methods: ["publish"] }]);
  assert.match(printed, /"redis_url": "redis:\/\/\*\*\*@h:6379"/);
});

Deno.test("printedConfig() and faults mask the password in each URL of a list", () => {
  const redisUrls = ["redis://u:hunter2@a:1", "redis://:hunter2@b:2"];
  const printed = printedConfig(configOf({ redisUrls }));
  assert.doesNotMatch(printed, /hunter2/);
  assert.match(printed, /"redis:\/\/\*\*\*@a:1"/);
  assert.throws(
    () => configOf({ redisUrls, redisUrl: "redis://c" }),
    (error) => !/hunter2/.test(String(error)),
  );
  const broken = ["http://u:hunter2@a:1"];
  assert.throws(() => configOf({ redisUrls: broken }), (error) => !/hunter2/.test(String(error)));
});

Deno.test("printedConfig() prints a file that resolves to the same configuration", () => {
  const config = configOf({ port: 0, namespaces: [{ name: "a", allowPublishForClient: false }] });
  const file: unknown = JSON.parse(printedConfig(config));
  const again = resolveLayers([objectLayer(file, "file")]);
  assert.ok(again.isUsable);
  assert.deepEqual(again.config, config);
  assert.deepEqual(Object.keys(Object(file)), optionNames);
});
