import assert from "node:assert/strict";
import { HOLD_MS, PresenceHold } from "./presence_hold.ts";

Deno.test("PresenceHold.claim() finds a held membership once", () => {
  const hold = new PresenceHold();
  hold.hold({ client: "a", key: "c" }, 0);
  assert.equal(hold.claim({ client: "a", key: "d" }), false);
  assert.equal(hold.claim({ client: "a", key: "c" }), true);
  assert.equal(hold.claim({ client: "a", key: "c" }), false);
});

Deno.test("PresenceHold.release() answers every channel of a client, and only its own", () => {
  const hold = new PresenceHold();
  hold.hold({ client: "a", key: "c" }, 0);
  hold.hold({ client: "a", key: "d" }, 0);
  hold.hold({ client: "b", key: "c" }, 0);
  assert.deepEqual(hold.release("a"), ["c", "d"]);
  assert.deepEqual(hold.release("a"), []);
  assert.equal(hold.claim({ client: "b", key: "c" }), true);
});

Deno.test("PresenceHold.expire() ends what has lasted HOLD_MS and nothing younger", () => {
  const hold = new PresenceHold();
  hold.hold({ client: "a", key: "c" }, 0);
  hold.hold({ client: "a", key: "d" }, 1);
  assert.deepEqual(hold.expire(HOLD_MS - 1), []);
  assert.deepEqual(hold.expire(HOLD_MS), [{ client: "a", key: "c" }]);
  assert.equal(hold.claim({ client: "a", key: "d" }), true);
});
