import assert from "node:assert/strict";
import { addAccounts, emptyAccount, Leaves, percentileOf, Received, Sent } from "./ledger.ts";

/** Five publications, all acknowledged but `unacknowledged`. */
function sentFive(unacknowledged: readonly number[] = []): Sent {
  const sent = new Sent();
  for (let sequence = 0; sequence < 5; sequence++) {
    sent.next();
    if (!unacknowledged.includes(sequence)) sent.acknowledge(sequence);
  }
  return sent;
}

function receivedOf(sent: Sent, sequences: readonly number[]): Received {
  const received = new Received(sent);
  for (const sequence of sequences) received.receive(sequence, 1);
  return received;
}

Deno.test("Received.account() finds nothing wrong when each came once in order", () => {
  assert.deepEqual(receivedOf(sentFive(), [0, 1, 2, 3, 4]).account(), {
    ...emptyAccount,
    expected: 5,
    received: 5,
  });
});

Deno.test("Received.account() counts lost, duplicate and reordered exactly", () => {
  assert.deepEqual(receivedOf(sentFive(), [0, 3, 1, 1, 3, 3]).account(), {
    ...emptyAccount,
    expected: 5,
    received: 3,
    lost: 2,
    duplicate: 3,
    reordered: 1,
  });
});

Deno.test("Received.account() lets an unacknowledged publication arrive once or not at all", () => {
  const account = receivedOf(sentFive([1, 2, 4]), [0, 1, 3, 4, 4]).account();
  assert.deepEqual(account, {
    ...emptyAccount,
    expected: 2,
    received: 2,
    unacknowledged: 3,
    unacknowledgedTwice: 1,
  });
});

Deno.test("Received.tell() turns what is missing so far from lost into told, and nothing later", () => {
  const sent = sentFive();
  const received = receivedOf(sent, [0, 1]);
  received.tell();
  received.receive(4, 1);
  sent.acknowledge(sent.next());
  const { lost, told, received: came } = received.account();
  assert.deepEqual({ lost, told, came }, { lost: 1, told: 2, came: 3 });
});

Deno.test("Received.receive() calls a delivery after more than a second late", () => {
  const received = new Received(sentFive());
  received.receive(0, 1_000);
  received.receive(1, 1_001);
  assert.equal(received.account().late, 1);
});

Deno.test("addAccounts() adds each column", () => {
  const one = { ...emptyAccount, expected: 3, lost: 1 };
  assert.deepEqual(addAccounts([one, one, emptyAccount]), { ...emptyAccount, expected: 6, lost: 2 });
});

Deno.test("Leaves.of() tells how often a client was said to have left", () => {
  const leaves = new Leaves();
  leaves.hear("a");
  leaves.hear("a");
  assert.deepEqual([leaves.of("a"), leaves.of("b")], [2, 0]);
});

Deno.test("percentileOf() takes the nearest rank", () => {
  assert.deepEqual([percentileOf([5, 1, 3], 0.5), percentileOf([5, 1, 3], 0.99), percentileOf([], 0.5)], [
    3,
    5,
    0,
  ]);
});
