import assert from "node:assert/strict";
import { ConfigError } from "./fault.ts";
import { type Config, configOf, type Resolution, resolveLayers } from "./resolve.ts";
import { envLayer, type Flag, flagLayer, objectLayer } from "./source.ts";

const KEY = "0123456789abcdef0123456789abcdef";

interface Sources {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: unknown;
}

function resolve({ flags = {}, env = {}, file = {} }: Sources): Resolution {
  const list: readonly Flag[] = Object.entries(flags).map(([name, text]) => ({
    name,
    text,
    source: `--${name}`,
  }));
  return resolveLayers([flagLayer(list), envLayer(env), objectLayer(file, "shoal.json")]);
}

function usable(sources: Sources): Config {
  const resolution = resolve(sources);
  assert.ok(resolution.isUsable, JSON.stringify(resolution));
  return resolution.config;
}

function messages(sources: Sources): readonly string[] {
  const resolution = resolve(sources);
  return resolution.isUsable ? [] : resolution.faults.map((fault) => fault.message);
}

Deno.test("resolveLayers() answers the documented defaults when nothing is given", () => {
  const config = usable({});
  assert.equal(config.port, 8080);
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.maxMessageBytes, 65_536);
  assert.equal(config.outboxBytes, 1_048_576);
  assert.equal(config.partitions, 64);
  assert.equal(config.transport, "tcp");
  assert.deepEqual(config.namespaces.map(({ name }) => name), ["durable"]);
});

Deno.test("resolveLayers() takes flags over environment over file over default", () => {
  const file = { port: 3, max_body_bytes: 4096, node_name: "from-file" };
  const env = { SHOAL_PORT: "2", SHOAL_MAX_BODY_BYTES: "2048" };
  const config = usable({ flags: { port: "1" }, env, file });
  assert.equal(config.port, 1);
  assert.equal(config.maxBodyBytes, 2048);
  assert.equal(config.nodeName, "from-file");
  assert.equal(config.partitions, 64);
});

Deno.test("resolveLayers() lets SHOAL_HOST win over HOST", () => {
  assert.equal(usable({ env: { HOST: "workstation", SHOAL_HOST: "127.0.0.1" } }).host, "127.0.0.1");
});

Deno.test("resolveLayers() says where each option that is not default came from", () => {
  const resolution = resolve({ flags: { port: "1" }, env: { LOG_LEVEL: "warn" }, file: { node_name: "a" } });
  assert.ok(resolution.isUsable);
  assert.deepEqual([...resolution.origins], [
    ["port", "--port"],
    ["node_name", "shoal.json"],
    ["log_level", "LOG_LEVEL"],
  ]);
});

Deno.test("resolveLayers() takes an empty variable as none", () => {
  assert.equal(usable({ env: { PORT: "", SHOAL_REDIS_URL: "" }, file: { port: 7 } }).port, 7);
});

Deno.test("resolveLayers() quotes value, source and wanted range of a fault", () => {
  assert.deepEqual(messages({ flags: { port: "99999" } }), [
    'Cannot use port "99999" (from --port): want an integer from 0 to 65535',
  ]);
  assert.deepEqual(messages({ env: { SHOAL_PARTITIONS: "63" } }), [
    'Cannot use partitions "63" (from SHOAL_PARTITIONS): want a power of two from 1 to 4096',
  ]);
  assert.deepEqual(messages({ file: { memory_limit_mb: 3 } }), [
    'Cannot use memory_limit_mb "3" (from shoal.json): want 0, or an integer from 64 to 1048576',
  ]);
});

Deno.test("resolveLayers() lists faults of values, names and rules all at once", () => {
  const found = messages({
    flags: { port: "x", prot: "1" },
    env: { SHOAL_LOG_LEVEL: "loud", SHOAL_PONG_TIMEOUT_MS: "25000", SHOAL_PORTS: "1" },
    file: { node_suspect_ms: 5000, hots: "a", host: "0.0.0.0" },
  });
  const paths = found.map((message) => /Cannot use (\S+)/.exec(message)?.[1]);
  assert.deepEqual(paths.toSorted(), [
    "SHOAL_PORTS",
    "host",
    "hots",
    "log_level",
    "node_suspect_ms",
    "pong_timeout_ms",
    "port",
    "prot",
  ]);
});

Deno.test("resolveLayers() suggests the nearest name for an unknown one", () => {
  assert.match(messages({ file: { max_mesage_bytes: 1 } })[0] ?? "", /did you mean "max_message_bytes"\?/);
  assert.match(messages({ env: { SHOAL_REDIS: "x" } })[0] ?? "", /did you mean "SHOAL_REDIS_URL"\?/);
  assert.match(messages({ env: { SHOAL_port: "1" } })[0] ?? "", /did you mean "SHOAL_PORT"\?/);
});

Deno.test("resolveLayers() lets the variables of supervisor and file pass", () => {
  const env = { SHOAL_SUPERVISED: "1", SHOAL_HUB_ADDRESS: "a", SHOAL_HUB_SECRET: "b", SHOAL_CONFIG: "c" };
  assert.deepEqual(messages({ env }), []);
});

Deno.test("resolveLayers() never shows a secret in a fault", () => {
  const shown = messages({
    flags: { token_hmac_secret: "hunter2a" },
    env: {
      SHOAL_TOKEN_HMAC_SECRET: "hunter2b",
      SHOAL_TOKEN_HMAC_SECRE: "hunter2c",
      REDIS_URL: "http://u:hunter2d@h",
    },
    file: { token_secret: "hunter2e" },
  });
  assert.equal(shown.length, 5);
  assert.doesNotMatch(shown.join("\n"), /hunter2/);
});

Deno.test("resolveLayers() refuses a secret from a flag", () => {
  assert.match(messages({ flags: { token_hmac_secret: KEY } })[0] ?? "", /set SHOAL_TOKEN_HMAC_SECRET/);
});

Deno.test("resolveLayers() counts the bytes of a secret, not its characters", () => {
  assert.equal(usable({ env: { SHOAL_TOKEN_HMAC_SECRET: "é".repeat(16) } }).tokenHmacSecret.length, 16);
  assert.equal(messages({ env: { SHOAL_TOKEN_HMAC_SECRET: "e".repeat(31) } }).length, 1);
});

Deno.test("resolveLayers() reads lists with commas and as JSON", () => {
  const origins = ["https://a.example", "https://b.example:8443"];
  assert.deepEqual(usable({ env: { SHOAL_ALLOWED_ORIGINS: origins.join(", ") } }).allowedOrigins, origins);
  assert.deepEqual(
    usable({ env: { SHOAL_ALLOWED_ORIGINS: JSON.stringify(origins) } }).allowedOrigins,
    origins,
  );
});

Deno.test("resolveLayers() names the item of a list that is at fault", () => {
  assert.deepEqual(messages({ env: { SHOAL_TRUSTED_PROXIES: "10.0.0.0/8,nope", SHOAL_INSECURE: "1" } }), [
    'Cannot use trusted_proxies[1] "nope" (from SHOAL_TRUSTED_PROXIES): want an IP address or a CIDR range such as 10.0.0.0/8',
  ]);
});

Deno.test("resolveLayers() names the field of a namespace that is at fault", () => {
  const namespaces = [{ name: "a" }, { allow_publish: true, allow_publish_for_client: 1 }];
  assert.deepEqual(messages({ file: { namespaces } }), [
    "Cannot use namespaces[1].name (from shoal.json): it is missing, want 1 to 64 letters, digits, dots, dashes or underscores, used once",
    'Cannot use namespaces[1].allow_publish_for_client "1" (from shoal.json): want true or false',
    'Cannot use namespaces[1].allow_publish (from shoal.json): unknown option, did you mean "allow_publish_for_client"?',
  ]);
});

const off = {
  historySize: 0,
  historyTtl: 300,
  forcePositioning: false,
  forceRecovery: false,
  presence: false,
  joinLeave: false,
  forcePushJoinLeave: false,
  delta: false,
  publishRate: 0,
  maxSubscribers: 0,
  slowPolicy: "close",
};

Deno.test("resolveLayers() lets every client subscribe and publish in open mode unless told otherwise", () => {
  const namespaces = [{ name: "a" }, { name: "b", allow_publish_for_client: false }];
  const config = usable({ file: { namespaces } });
  const open = {
    allowSubscribeForClient: true,
    allowPublishForClient: true,
    allowPublishForSubscriber: false,
    allowUserLimitedChannels: false,
    allowHistoryForClient: true,
    allowPresenceForClient: true,
    ...off,
  };
  const named = { ...open, publisherInfo: true };
  assert.deepEqual(config.channel, { ...open, publisherInfo: false });
  assert.deepEqual(config.namespaces.slice(0, 2), [
    { name: "a", ...named },
    { name: "b", ...named, allowPublishForClient: false },
  ]);
});

Deno.test("resolveLayers() permits nothing by default when there is a token key", () => {
  const env = { SHOAL_TOKEN_HMAC_SECRET: KEY, SHOAL_NAMESPACES: '[{"name":"a"}]' };
  const none = {
    allowSubscribeForClient: false,
    allowPublishForClient: false,
    allowPublishForSubscriber: false,
    allowUserLimitedChannels: false,
    allowHistoryForClient: false,
    allowPresenceForClient: false,
    ...off,
  };
  assert.deepEqual(usable({ env }).channel, { ...none, publisherInfo: false });
  assert.deepEqual(usable({ env }).namespaces, [{ name: "a", ...none, publisherInfo: true }]);
});

Deno.test("resolveLayers() defines the namespace durable in open mode, unless it is defined already", () => {
  const durable = usable({}).namespaces.find(({ name }) => name === "durable");
  assert.deepEqual(
    [
      durable?.historySize,
      durable?.historyTtl,
      durable?.forceRecovery,
      durable?.presence,
      durable?.joinLeave,
    ],
    [1000, 300, true, true, true],
  );
  assert.equal(durable?.delta, true);
  const own = usable({ file: { namespaces: [{ name: "durable", history_size: 5 }] } }).namespaces;
  assert.deepEqual(own.map(({ name, historySize }) => [name, historySize]), [["durable", 5]]);
  assert.deepEqual(usable({ env: { SHOAL_TOKEN_HMAC_SECRET: KEY } }).namespaces, []);
});

Deno.test("resolveLayers() refuses channel options that cannot stand together", () => {
  const lossy = { history_size: 5, force_recovery: true, slow_policy: "conflate" };
  const file = {
    channel: { force_positioning: true },
    namespaces: [{ name: "a", ...lossy }, { name: "b", delta: true, slow_policy: "drop_oldest" }, {
      name: "c",
      force_push_join_leave: true,
    }],
  };
  const found = messages({ file });
  assert.equal(found.length, 4);
  assert.match(found[0] ?? "", /^Cannot use channel .*want history_size above 0/);
  assert.match(found[1] ?? "", /namespace "a": want slow_policy "close"/);
  assert.match(found[2] ?? "", /namespace "b": want slow_policy "close"/);
  assert.match(found[3] ?? "", /namespace "c": want join_leave/);
});

Deno.test("configOf() takes camelCase options and throws all faults at once", () => {
  assert.equal(
    configOf({ port: 0, channel: { allowPublishForClient: false } }).channel.allowPublishForClient,
    false,
  );
  assert.throws(
    () => configOf({ port: -1, maxBodyBytes: 1 }),
    (thrown) =>
      thrown instanceof ConfigError && thrown.faults.length === 2 &&
      thrown.message.includes("(from options)"),
  );
});

Deno.test("resolveLayers() refuses a private key where public ones belong, and does not show it", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----";
  const resolution = resolveLayers([envLayer({ SHOAL_TOKEN_PUBLIC_KEYS: key })]);
  assert.ok(!resolution.isUsable);
  const text = resolution.faults.map(({ message }) => message).join();
  assert.match(text, /token_public_keys.*want 1 to 8 public keys/);
  assert.doesNotMatch(text, /MC4C/);
});

Deno.test("resolveLayers() takes a JWKS URL over https, or from a loopback host", () => {
  const isUsable = (url: string) => resolveLayers([envLayer({ SHOAL_TOKEN_JWKS_URL: url })]).isUsable;
  const good = ["https://id.example.com/keys", "http://127.0.0.1:9/keys", "http://[::1]:9/keys"];
  const bad = ["http://id.example.com/keys", "file:///keys", "keys", "https://"];
  assert.deepEqual([...good, ...bad].filter(isUsable), good);
});
