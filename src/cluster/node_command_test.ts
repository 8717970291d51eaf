import assert from "node:assert/strict";
import { denoNodeCommand, nodeEnv, type NodeLaunch, startArgs } from "./node_command.ts";

const launch: NodeLaunch = {
  options: {
    instances: 1,
    port: 8080,
    sharedPort: 8000,
    host: "127.0.0.1",
    redisUrl: "redis://:geheim@redis:6379",
    memoryLimitMb: 512,
    configFile: "/etc/shoal.json",
    nodeArgs: ["--insecure"],
    isOpenMode: false,
    logFormat: "auto",
  },
  port: 8081,
  sharedPort: 8000,
  descriptorLimit: 20_000,
};

Deno.test("denoNodeCommand() gives network, environment, its own tree and the heap limit, no more", () => {
  const { args } = denoNodeCommand(launch);
  const flags = args.filter((arg) => arg.startsWith("--allow") || arg.startsWith("--v8"));
  const names = flags.map((flag) => flag.replace(/=\/.*\//, "=.../"));
  assert.deepEqual(names, [
    "--allow-net",
    "--allow-env",
    "--allow-read=.../shoal.json",
    "--v8-flags=--max-old-space-size=512",
  ]);
});

Deno.test("denoNodeCommand() keeps the password of Redis out of the arguments", () => {
  const { args, env } = denoNodeCommand(launch);
  assert.equal(args.join(" ").includes("geheim"), false);
  assert.equal(env.REDIS_URL, "redis://:geheim@redis:6379");
  // Beside its file the URL would be a fault.
  assert.ok("REDIS_URL_FILE" in env && env.REDIS_URL_FILE === undefined);
  assert.ok("SHOAL_REDIS_URL_FILE" in env && env.SHOAL_REDIS_URL_FILE === undefined);
});

Deno.test("startArgs() passes on ports, host, file and further flags", () => {
  assert.deepEqual(startArgs(launch), [
    "start",
    ...["--port", "8081", "--shared-port", "8000", "--host", "127.0.0.1"],
    ...["--config", "/etc/shoal.json", "--insecure"],
  ]);
});

Deno.test("nodeEnv() takes Redis away in embedded mode, and tells where the hub is", () => {
  const { redisUrl: _, ...options } = launch.options;
  const env = nodeEnv({ ...launch, options, hub: { address: "127.0.0.1:4", secret: "s" } });
  assert.equal(env.REDIS_URL, undefined);
  assert.equal("REDIS_URL" in env, true);
  assert.equal(env.SHOAL_HUB_ADDRESS, "127.0.0.1:4");
  assert.equal(env.SHOAL_HUB_SECRET, "s");
  assert.equal(env.SHOAL_SUPERVISED, "1");
  assert.equal(env.SHOAL_PORT_OVERLAP, "1");
  assert.equal(env.SHOAL_DESCRIPTOR_LIMIT, "20000");
});

Deno.test("nodeEnv() makes logs readable for people, unless a format was chosen", () => {
  const isForPeople = true;
  assert.equal(nodeEnv({ ...launch, isForPeople }).SHOAL_LOG_FORMAT, "pretty");
  assert.equal("SHOAL_LOG_FORMAT" in nodeEnv(launch), false);
  const options = { ...launch.options, logFormat: "json" as const };
  assert.equal("SHOAL_LOG_FORMAT" in nodeEnv({ ...launch, options, isForPeople }), false);
});
