import assert from "node:assert/strict";
import { createLogger } from "../core/log.ts";
import { systemClock } from "../core/clock.ts";
import { PresenceBook } from "./presence_book.ts";

const log = createLogger({ level: "error", format: "json", clock: systemClock, write: () => {} });
const member = (client: string) => ({ client, info: `{"client":"${client}"}` });

/** A backend that notes what it is asked, in order, and fails while it is away. */
class FakePresence {
  readonly asked: string[] = [];
  isAway = false;
  #gate: Promise<void> = Promise.resolve();
  open: () => void = () => {};

  /** Lets nothing be answered until `open` is called. */
  close(): void {
    this.#gate = new Promise((resolve) => this.open = resolve);
  }

  add(key: string, { client }: { client: string }, isAnnounced: boolean): Promise<boolean> {
    return this.#answer(`add ${key} ${client} ${isAnnounced}`);
  }

  remove(key: string, client: string): Promise<boolean> {
    return this.#answer(`remove ${key} ${client}`);
  }

  async #answer(what: string): Promise<boolean> {
    this.asked.push(what);
    await this.#gate;
    if (this.isAway) throw new Error("away");
    return true;
  }
}

function open() {
  const presence = new FakePresence();
  const state = { mayWrite: true };
  const book = new PresenceBook({ presence, mayWrite: () => state.mayWrite, log });
  return { presence, book, state };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("PresenceBook.remove() waits until the adding was answered", async () => {
  const { presence, book } = open();
  presence.close();
  const adding = book.add("c", member("a"), true);
  book.remove("c", "a");
  await settled();
  assert.deepEqual(presence.asked, ["add c a true"]);
  presence.open();
  await adding;
  await settled();
  assert.deepEqual(presence.asked, ["add c a true", "remove c a"]);
  assert.deepEqual([book.size, book.debts], [0, 0]);
});

Deno.test("PresenceBook takes out later what it could not take out, unless it is in again", async () => {
  const { presence, book } = open();
  for (const client of ["a", "b"]) await book.add("c", member(client), false);
  presence.isAway = true;
  for (const client of ["a", "b"]) book.remove("c", client);
  await settled();
  assert.equal(book.debts, 2);
  presence.isAway = false;
  await book.add("c", member("b"), false);
  presence.asked.length = 0;
  await book.payDebts();
  await settled();
  assert.deepEqual([presence.asked, book.debts, book.size], [["remove c a"], 0, 1]);
});

Deno.test("PresenceBook.add() that failed is taken out, for it may have been written", async () => {
  const { presence, book } = open();
  presence.isAway = true;
  await assert.rejects(book.add("c", member("a"), true));
  await settled();
  assert.deepEqual([book.size, book.debts], [0, 1]);
});

Deno.test("PresenceBook writes nothing while its node may be dead", async () => {
  const { presence, book, state } = open();
  await book.add("c", member("a"), true);
  state.mayWrite = false;
  await assert.rejects(book.add("c", member("b"), true), { code: 100 });
  book.remove("c", "a");
  await settled();
  assert.deepEqual([presence.asked, book.debts], [["add c a true"], 1]);
  state.mayWrite = true;
  await book.payDebts();
  assert.deepEqual(presence.asked, ["add c a true", "remove c a"]);
});

Deno.test("PresenceBook.rewrite() puts members back silently, and renews those that are announced", async () => {
  const { presence, book } = open();
  await book.add("c", member("a"), true);
  await book.add("c", member("b"), false);
  presence.asked.length = 0;
  await book.rewrite();
  assert.deepEqual(presence.asked, ["add c a false", "add c a true", "add c b false"]);
});

Deno.test("PresenceBook keeps a suspended member that subscribes again, and tells the backend nothing", async () => {
  const { presence, book } = open();
  await book.add("c", member("a"), true);
  book.suspend("c", "a", 0);
  await book.add("c", member("a"), true);
  book.expire(60_000);
  await settled();
  assert.deepEqual(presence.asked, ["add c a true"]);
});

Deno.test("PresenceBook takes a suspended member out when its time is over, and when its client goes", async () => {
  const { presence, book } = open();
  await book.add("c", member("a"), true);
  await book.add("d", member("b"), true);
  book.suspend("c", "a", 0);
  book.suspend("d", "b", 0);
  book.release("b");
  book.expire(60_000);
  await settled();
  assert.deepEqual(presence.asked, ["add c a true", "add d b true", "remove d b", "remove c a"]);
});

Deno.test("PresenceBook.retract() keeps who was present before the subscribe that failed, and nobody else", async () => {
  const { presence, book } = open();
  await book.add("c", member("a"), true);
  book.suspend("c", "a", 0);
  await book.add("c", member("a"), true);
  book.retract("c", "a", 1_000);
  await book.add("c", member("new"), true);
  book.retract("c", "new", 1_000);
  book.expire(5_500);
  await settled();
  assert.deepEqual(presence.asked, ["add c a true", "add c new true", "remove c new"]);
  book.expire(6_000);
  await settled();
  assert.deepEqual(presence.asked.at(-1), "remove c a");
});

Deno.test("PresenceBook keeps a member that is added again while its first adding is under way", async () => {
  for (const isFirstLost of [false, true]) {
    const asked: string[] = [];
    const answers: PromiseWithResolvers<boolean>[] = [];
    const ask = (what: string) => {
      asked.push(what);
      const answer = Promise.withResolvers<boolean>();
      answers.push(answer);
      return answer.promise;
    };
    const presence = { add: () => ask("add"), remove: () => ask("remove") };
    const book = new PresenceBook({ presence, mayWrite: () => true, log });
    const first = book.add("c", member("a"), true).catch(() => {});
    book.remove("c", "a");
    const second = book.add("c", member("a"), true);
    if (isFirstLost) answers[0]?.reject(new Error("away"));
    else answers[0]?.resolve(true);
    await Promise.all([first, settled()]);
    answers[1]?.resolve(true);
    await second;
    assert.deepEqual([book.size, book.debts, asked], [1, 0, ["add", "add"]]);
  }
});
