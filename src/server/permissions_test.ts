import assert from "node:assert/strict";
import type { CapClaim } from "../protocol/token_claims.ts";
import { configOf } from "../config/mod.ts";
import { Capabilities } from "./capabilities.ts";
import type { ChannelOptions } from "./options.ts";
import {
  type ChannelQuestion,
  refusalOfFunction,
  refusalOfMessages,
  refusalOfRpc,
  refusalOfServices,
  refusalOnChannel,
  type Subject,
} from "./permissions.ts";

const closed = configOf({ tokenHmacSecret: "k".repeat(32) }).channel;
const wide: ChannelOptions = {
  ...closed,
  allowSubscribeForClient: true,
  allowPublishForClient: true,
  allowPresenceForClient: true,
  allowHistoryForClient: true,
};
const actions = ["sub", "pub", "prs", "hst"] as const;

function subject(user = "u1", caps: readonly Partial<CapClaim>[] = [], isOpen = false): Subject {
  const full = caps.map((cap) => ({ channels: [], match: "exact" as const, allow: [], ...cap }));
  return { user, isOpen, caps: new Capabilities(full) };
}

function isAllowed(who: Subject, question: Partial<ChannelQuestion>): boolean {
  const usual = { action: "sub" as const, channel: "room", options: closed, isSubscribed: false };
  return refusalOnChannel(who, { ...usual, ...question }) === undefined;
}

Deno.test("refusalOnChannel() refuses everything that nothing allows", () => {
  for (const action of actions) assert.equal(isAllowed(subject(), { action }), false, action);
  assert.equal(isAllowed(subject(), { action: "pub", isSubscribed: true }), false);
});

Deno.test("refusalOnChannel() goes by the channel's options", () => {
  for (const action of actions) assert.equal(isAllowed(subject(""), { action, options: wide }), true, action);
  const options = { ...closed, allowPublishForSubscriber: true };
  assert.equal(isAllowed(subject(), { action: "pub", options }), false);
  assert.equal(isAllowed(subject(), { action: "pub", options, isSubscribed: true }), true);
  assert.equal(isAllowed(subject(), { action: "hst", options, isSubscribed: true }), false);
});

Deno.test("refusalOnChannel() goes by capabilities, each for its own action and its own names", () => {
  const who = subject("u1", [
    { channels: ["room"], allow: ["sub"] },
    { channels: ["chat:*"], match: "wildcard", allow: ["pub", "sub"] },
    { channels: ["n:[0-9]+"], match: "regex", allow: ["hst"] },
    { allow: ["prs"] },
  ]);
  const may = (action: ChannelQuestion["action"], channel: string) => isAllowed(who, { action, channel });
  assert.deepEqual(actions.map((action) => may(action, "room")), [true, false, false, false]);
  assert.deepEqual(actions.map((action) => may(action, "chat:x")), [true, true, false, false]);
  assert.deepEqual(["n:1", "n:12", "n:1x", "xn:1", "n:"].map((name) => may("hst", name)), [
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(may("sub", "Room"), false);
  assert.equal(may("sub", "chat"), false);
});

Deno.test("refusalOnChannel() keeps a user-limited channel to its users, whatever else is allowed", () => {
  const channel = "dialog#u1,u2";
  const all: Partial<CapClaim>[] = [{ channels: ["*"], match: "wildcard", allow: [...actions] }];
  for (const action of actions) {
    assert.equal(isAllowed(subject("u2", all), { action, channel, options: wide }), true);
    for (const user of ["u3", "u", "u1,u2", "", "U1"]) {
      assert.equal(isAllowed(subject(user, all), { action, channel, options: wide }), false, user);
    }
  }
  assert.equal(isAllowed(subject(""), { channel: "dialog#", options: wide }), false);
});

Deno.test("refusalOnChannel() opens a user-limited channel for its users where the namespace says so", () => {
  const options = { ...closed, allowUserLimitedChannels: true };
  const channel = "ns:#u1";
  assert.equal(isAllowed(subject("u1"), { channel }), false);
  assert.equal(isAllowed(subject("u1"), { channel, options }), true);
  assert.equal(isAllowed(subject("u1"), { action: "pub", channel, options }), false);
  assert.equal(isAllowed(subject("u1"), { channel: "ns:all", options }), false);
});

Deno.test("refusalOnChannel() keeps a private channel to those who are in it", () => {
  const channel = "$secret";
  const all: Partial<CapClaim>[] = [{ channels: [channel], allow: ["sub"] }];
  assert.equal(isAllowed(subject("u1", all), { channel, options: wide }), false);
  assert.equal(isAllowed(subject(), { action: "pub", channel, options: wide }), false);
  assert.equal(isAllowed(subject(), { action: "hst", channel, options: wide }), false);
  assert.equal(isAllowed(subject(), { action: "pub", channel, options: wide, isSubscribed: true }), true);
  assert.equal(isAllowed(subject(), { action: "pub", channel, isSubscribed: true }), false);
});

Deno.test("refusalOnChannel() knows only the options in open mode", () => {
  const open = subject("", [], true);
  for (const channel of ["room", "$secret", "dialog#u1"]) {
    assert.equal(isAllowed(open, { channel, options: wide }), true);
    assert.equal(isAllowed(open, { channel }), false);
  }
});

Deno.test("refusalOfRpc(), refusalOfMessages() and refusalOfServices() go by the token, not in open mode", () => {
  const bare = subject();
  const granted = subject("u1", [{ allow: ["rpc", "msg", "srv"] }]);
  const open = subject("", [], true);
  const asked = (who: Subject) =>
    [refusalOfRpc(who, false), refusalOfMessages(who), refusalOfServices(who)].map((why) =>
      why === undefined
    );
  assert.deepEqual(asked(bare), [false, false, false]);
  assert.deepEqual(asked(granted), [true, true, true]);
  assert.deepEqual(asked(open), [true, true, true]);
  assert.equal(refusalOfRpc(bare, true), undefined);
});

Deno.test("refusalOfFunction() goes by the names of the capability, or allows all without names", () => {
  const narrow = subject("u1", [{ channels: ["math.*"], match: "wildcard", allow: ["srv"] }]);
  assert.equal(refusalOfFunction(narrow, "math", "add"), undefined);
  assert.notEqual(refusalOfFunction(narrow, "files", "read"), undefined);
  assert.equal(refusalOfFunction(subject("u1", [{ allow: ["srv"] }]), "files", "read"), undefined);
  assert.notEqual(refusalOfFunction(subject(), "math", "add"), undefined);
});
