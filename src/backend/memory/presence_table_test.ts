import assert from "node:assert/strict";
import { newNodeId, type NodeId } from "../../core/ids.ts";
import { PresenceTable } from "./presence_table.ts";

const [A, B] = [newNodeId(), newNodeId()];

function tableWith(buried: ReadonlySet<NodeId> = new Set()) {
  const told: string[] = [];
  const publish = (channel: string, text: string) => void told.push(`${channel} ${text}`);
  return { told, table: new PresenceTable({ publish, isBuried: (node) => buried.has(node) }) };
}

function memberOf(client: string) {
  return { client, info: `{"client":"${client}"}` };
}

Deno.test("page() has everybody once, in pages of about maxCharacters, though others come and go", () => {
  const { table } = tableWith();
  for (let i = 0; i < 100; i++) table.add(A, "room", memberOf(`stays${i}`), false);
  for (let i = 0; i < 100; i++) table.add(B, "room", memberOf(`leaves${i}`), false);
  const seen: string[] = [];
  let pages = 0;
  for (let next: number | undefined = 0; next !== undefined; pages++) {
    const page = table.page("room", next, 200);
    seen.push(...page.members.map((each) => each.client));
    next = page.next;
    table.drop(B, 7);
    table.remove(A, "room", `stays${pages}`);
    table.add(A, "room", memberOf(`comes${pages}`), false);
  }
  assert.ok(pages > 10, `${pages} pages`);
  assert.equal(new Set(seen).size, seen.length);
  for (let i = pages; i < 100; i++) assert.ok(seen.includes(`stays${i}`), `stays${i} is missing`);
});

Deno.test("drop() removes at most so many, tells each leave, and holds nothing when all are gone", () => {
  const { table, told } = tableWith();
  for (const channel of ["x", "y"]) {
    for (const client of ["1", "2"]) table.add(A, channel, memberOf(client), true);
  }
  told.length = 0;
  assert.deepEqual([table.drop(A, 3), table.drop(A, 3), table.drop(A, 3), table.drop(B, 3)], [3, 1, 0, 0]);
  const leave = (channel: string, client: string) => `${channel} 1l${memberOf(client).info}`;
  assert.deepEqual(told, [leave("x", "1"), leave("x", "2"), leave("y", "1"), leave("y", "2")]);
  assert.equal(table.size, 0);
});

Deno.test("drop() removes what the burial hides, and remove() of a buried node does not", () => {
  const buried = new Set<NodeId>();
  const { table, told } = tableWith(buried);
  table.add(A, "room", memberOf("1"), true);
  buried.add(A);
  assert.deepEqual(table.members("room"), []);
  assert.equal(table.remove(A, "room", "1"), false);
  assert.equal(table.add(A, "room", memberOf("2"), true), false);
  assert.equal(table.drop(A, 10), 1);
  assert.deepEqual(told, ['room 1j{"client":"1"}', 'room 1l{"client":"1"}']);
});

Deno.test("remove() by another node than the member's changes nothing, and add() by another takes it over", () => {
  const { table, told } = tableWith();
  table.add(A, "room", memberOf("1"), true);
  assert.equal(table.remove(B, "room", "1"), false);
  assert.equal(table.add(B, "room", memberOf("1"), true), true);
  assert.equal(table.drop(A, 10), 0);
  assert.equal(table.members("room").length, 1);
  assert.deepEqual(told.map((text) => text.slice(0, 7)), ["room 1j", "room 1l", "room 1j"]);
});

Deno.test("add() throws SyntaxError on an info that is no JSON, and adds nothing", () => {
  const { table } = tableWith();
  assert.throws(() => table.add(A, "room", { client: "1", info: "{" }, true), SyntaxError);
  assert.equal(table.size, 0);
});
