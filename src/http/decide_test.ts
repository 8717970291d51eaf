import assert from "node:assert/strict";
import { parseIpRange } from "../core/ip_address.ts";
import { silentLogger } from "../core/log.ts";
import { jsonAnswer } from "./answer.ts";
import { chooseSubprotocol, decide } from "./decide.ts";
import { defaultHttpLimits, type TransportOptions } from "./options.ts";

const acceptor = () => ({ onMessage: () => {}, onClose: () => {} });
const probed = jsonAnswer(200, "probed");
const upgrade = {
  host: "localhost",
  upgrade: "WebSocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

function options(changes: Partial<TransportOptions> = {}): TransportOptions {
  return {
    transport: "tcp",
    access: { isOpen: true, allowedOrigins: [] },
    limits: defaultHttpLimits,
    app: { probe: (path) => path === "/health" ? probed : undefined, fetch: () => new Response() },
    acceptorFor: (path) => path === "/ws" ? acceptor : undefined,
    isFull: () => false,
    isDraining: () => false,
    log: silentLogger,
    ...changes,
  };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

function decided(
  { method = "GET", path = "/ws", headers = upgrade }: Asked,
  changes?: Partial<TransportOptions>,
) {
  return decide(
    { method, path, remoteAddress: "127.0.0.1", headers: new Headers(headers) },
    options(changes),
  );
}

function statusOf(asked: Asked, changes?: Partial<TransportOptions>): number | undefined {
  const decision = decided(asked, changes);
  return typeof decision === "object" ? decision.status : undefined;
}

Deno.test("decide() hands a well-formed upgrade to its acceptor", () => {
  assert.equal(decided({}), acceptor);
});

Deno.test("decide() answers probes itself and leaves the rest to the router", () => {
  assert.equal(decided({ path: "/health", headers: { host: "localhost" } }), probed);
  assert.equal(decided({ path: "/health", method: "HEAD", headers: { host: "localhost" } }), probed);
  assert.equal(decided({ path: "/health", method: "POST", headers: { host: "localhost" } }), undefined);
  assert.equal(decided({ path: "/else", headers: { host: "localhost" } }), undefined);
});

Deno.test("decide() refuses before anything else, probes and upgrades alike", () => {
  assert.equal(statusOf({ path: "/health", headers: { host: "evil.example" } }), 403);
  assert.equal(statusOf({ headers: { ...upgrade, host: "evil.example" } }), 403);
  const keyed = { access: { isOpen: false, allowedOrigins: [] } };
  assert.equal(statusOf({ headers: { ...upgrade, origin: "https://evil.example" } }, keyed), 403);
});

Deno.test("decide() says 404, 405, 400 or 426 to an upgrade that cannot be", () => {
  const { "sec-websocket-key": _key, ...keyless } = upgrade;
  const { connection: _connection, ...unconnected } = upgrade;
  assert.equal(statusOf({ path: "/else" }), 404);
  assert.equal(statusOf({ method: "POST" }), 405);
  assert.equal(statusOf({ headers: keyless }), 400);
  assert.equal(statusOf({ headers: { ...upgrade, "sec-websocket-key": "short" } }), 400);
  assert.equal(statusOf({ headers: unconnected }), 400);
  assert.equal(statusOf({ headers: { ...upgrade, "sec-websocket-version": "8" } }), 426);
  assert.equal(statusOf({ headers: { host: "localhost" } }), 426);
});

Deno.test("decide() says 503 with Retry-After to upgrades while full or draining, and still probes", () => {
  for (const changes of [{ isFull: () => true }, { isDraining: () => true }]) {
    const decision = decided({}, changes);
    assert.ok(typeof decision === "object");
    assert.deepEqual([decision.status, decision.headers["retry-after"]], [503, "1"]);
    assert.equal(decided({ path: "/health", headers: { host: "localhost" } }, changes), probed);
  }
});

Deno.test("decide() says 503 past connects_per_s and 429 past the limit of an address, with Retry-After", () => {
  for (const [limit, status] of [["connects_per_s", 503], ["max_connections_per_address", 429]] as const) {
    const decision = decided({}, { limitHit: () => limit });
    assert.ok(typeof decision === "object");
    assert.deepEqual([decision.status, decision.headers["retry-after"]], [status, "1"]);
    assert.match(decision.body, new RegExp(limit));
  }
});

Deno.test("decide() asks for the limits of the client behind a trusted proxy, once all else is well", () => {
  const asked: string[] = [];
  const limitHit = (address: string) => void asked.push(address);
  const access = { isOpen: false, allowedOrigins: [], trustedProxies: [parseIpRange("127.0.0.1")] };
  const headers = { ...upgrade, "x-forwarded-for": "1.2.3.4" };
  assert.equal(decided({ headers }, { access, limitHit }), acceptor);
  decided({ headers: { ...headers, "sec-websocket-key": "short" } }, { access, limitHit });
  decided({ headers }, { access, limitHit, isFull: () => true });
  assert.deepEqual(asked, ["1.2.3.4"]);
});

Deno.test("decide() gives the refusal of acceptorFor()", () => {
  const refusal = jsonAnswer(410, "gone");
  assert.equal(decided({}, { acceptorFor: () => refusal }), refusal);
});

Deno.test("chooseSubprotocol() takes the first offered that is spoken", () => {
  assert.equal(chooseSubprotocol("a, b,c", ["c", "b"]), "b");
  assert.equal(chooseSubprotocol("a", ["b"]), undefined);
  assert.equal(chooseSubprotocol(null, ["b"]), undefined);
  assert.equal(chooseSubprotocol("b", undefined), undefined);
});
