import assert from "node:assert/strict";
import { checkFloors } from "./floors.ts";

/** Faults of one file that imports one thing; the checker looks at text only, so the target need not be there. */
function faultsOf(file: string, specifier: string): readonly string[] {
  return checkFloors(new Map([[file, `import type { X } from "${specifier}";\n`]]));
}

/** Asserts one fault that has `words` in it. */
function assertFault(file: string, specifier: string, words: RegExp): void {
  const faults = faultsOf(file, specifier);
  assert.equal(faults.length, 1, `${file} imports ${specifier}: ${JSON.stringify(faults)}`);
  assert.match(faults[0] ?? "", words);
}

function assertAllowed(file: string, specifier: string): void {
  assert.deepEqual(faultsOf(file, specifier), [], `${file} imports ${specifier}`);
}

Deno.test("checkFloors() allows imports that go down through a door or stay inside", () => {
  assertAllowed("src/server/node.ts", "../core/mod.ts");
  assertAllowed("src/server/commands/publish.ts", "../../protocol/mod.ts");
  assertAllowed("src/server/commands/publish.ts", "../channels.ts");
  assertAllowed("src/app/cli.ts", "../http/mod.ts");
  assertAllowed("src/main.ts", "./app/mod.ts");
  assertAllowed("src/core/ids.ts", "./utf8.ts");
});

Deno.test("checkFloors() refuses a climb, also of types", () => {
  assertFault("src/core/ids.ts", "../server/mod.ts", /climbs to floor 3 from floor 0/);
  assertFault("src/backend/backend.ts", "../http/mod.ts", /climbs to floor 4 from floor 2/);
  assertFault("src/server/node.ts", "../app/mod.ts", /climbs to floor 5/);
  assertFault("src/core/ids_test.ts", "../server/mod.ts", /climbs/);
});

Deno.test("checkFloors() refuses neighbours of one floor", () => {
  assertFault("src/http/routes.ts", "../cluster/mod.ts", /stays on floor 4/);
  assertFault("src/cluster/node.ts", "../perf/mod.ts", /stays on floor 4/);
  assertFault("src/perf/plan.ts", "../http/mod.ts", /stays on floor 4/);
  assertFault("src/protocol/codec.ts", "../config/mod.ts", /stays on floor 1/);
});

Deno.test("checkFloors() refuses a way past a door", () => {
  assertFault("src/http/app.ts", "../server/connection.ts", /use src\/server\/mod\.ts/);
  assertFault("src/server/node.ts", "../metrics/catalog.ts", /use src\/metrics\/mod\.ts/);
  assertFault("src/app/cli.ts", "../backend/redis/keys.ts", /use src\/backend\/redis\/mod\.ts/);
});

Deno.test("checkFloors() lets collections be imported by file, and the backend by its interface", () => {
  assertAllowed("src/server/node.ts", "../core/ids.ts");
  assertAllowed("src/server/node.ts", "../protocol/codec.ts");
  assertAllowed("src/server/node.ts", "../backend/backend.ts");
  assertAllowed("src/main.ts", "./app/cli.ts");
});

Deno.test("checkFloors() lets only app and cluster choose a backend", () => {
  assertAllowed("src/app/compose.ts", "../backend/redis/mod.ts");
  assertAllowed("src/cluster/hub.ts", "../backend/hub/mod.ts");
  assertFault("src/server/node.ts", "../backend/memory/mod.ts", /only app and cluster may choose/);
  assertFault("src/http/routes.ts", "../backend/redis/mod.ts", /only app and cluster may choose/);
});

Deno.test("checkFloors() keeps the backend's interface apart from its implementations", () => {
  assertAllowed("src/backend/redis/redis_backend.ts", "../backend.ts");
  assertAllowed("src/backend/hub/hub_server.ts", "../memory/mod.ts");
  assertFault(
    "src/backend/hub/hub_server.ts",
    "../memory/memory_hub.ts",
    /use src\/backend\/memory\/mod\.ts/,
  );
  assertFault("src/backend/mod.ts", "./redis/mod.ts", /the interface must not know it/);
});

Deno.test("checkFloors() lets only tests use src/testing/", () => {
  assertAllowed("src/core/ids_test.ts", "../testing/clock.ts");
  assertAllowed("src/testing/contract.ts", "../server/mod.ts");
  assertFault("src/core/ids.ts", "../testing/clock.ts", /only tests may use/);
});

Deno.test("checkFloors() lets a package enter through its folder only", () => {
  assertAllowed("src/backend/redis/connect.ts", "ioredis");
  assertAllowed("src/http/websocket_test.ts", "centrifuge");
  assertFault("src/server/node.ts", "ioredis", /enters through src\/backend\/redis\/ only/);
  assertFault("src/backend/memory/hub.ts", "ioredis", /enters through/);
  assertFault("src/protocol/a.ts", "hono/ws", /package hono: it enters through src\/http\/ only/);
  assertFault("src/http/a.ts", "left-pad", /package left-pad: give it a folder/);
  assertFault("src/config/a.ts", "npm:zod@4", /name it as deno\.json does/);
});

Deno.test("checkFloors() refuses unknown folders, targets outside src and unreadable imports", () => {
  assertFault("src/util/a.ts", "./b.ts", /folder "util" has no floor/);
  assertFault("src/core/a.ts", "../../tools/b.ts", /outside src/);
  assertAllowed("src/core/version.ts", "../../deno.json");
  assert.match(checkFloors(new Map([["src/core/a.ts", "await import(name);"]]))[0] ?? "", /cannot read/);
});

Deno.test("checkFloors() refuses a ring between files", () => {
  const faults = checkFloors(
    new Map([
      ["src/core/a.ts", 'import { b } from "./b.ts";\n'],
      ["src/core/b.ts", 'import type { A } from "./a.ts";\n'],
    ]),
  );
  assert.deepEqual(faults, [
    "src/core/a.ts: ring of imports: src/core/a.ts -> src/core/b.ts -> src/core/a.ts",
  ]);
});
