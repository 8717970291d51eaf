import assert from "node:assert/strict";
import { errorTable } from "../core/errors.ts";
import { newNodeId } from "../core/ids.ts";
import { encodeProbe, encodePublication } from "./envelope.ts";
import {
  answerRecord,
  checkMethod,
  decodePacket,
  failureRecord,
  noticeRecord,
  packetHead,
  requestRecord,
} from "./node_packet.ts";

const from = newNodeId();
const head = packetHead(from);

Deno.test("decodePacket() reads back every kind of record, whatever its payload holds", () => {
  for (const payload of ["", "\n", "q1,2,m,3\n", '{"a":"é\\n🚀"}', "\ud800", "x".repeat(100_000)]) {
    const text = head + requestRecord(1, 5000, "a.b", payload) + noticeRecord("c", payload) +
      answerRecord(2 ** 40, payload) + failureRecord(3, { ...errorTable.busy, message: payload });
    assert.deepEqual(decodePacket(text), {
      from,
      records: [
        { kind: "request", id: 1, leftMs: 5000, method: "a.b", payload },
        { kind: "notice", method: "c", payload },
        { kind: "answer", id: 2 ** 40, payload },
        { kind: "failure", id: 3, error: { code: 429, message: payload, isTemporary: true, status: 429 } },
      ],
    });
  }
});

Deno.test("decodePacket() takes a packet without records, and one whose text went through UTF-8", () => {
  assert.deepEqual(decodePacket(head), { from, records: [] });
  const text = head + answerRecord(1, "a\ud800b") + answerRecord(2, "c");
  const travelled = new TextDecoder().decode(new TextEncoder().encode(text));
  assert.deepEqual(decodePacket(travelled)?.records, [
    { kind: "answer", id: 1, payload: "a\ufffdb" },
    { kind: "answer", id: 2, payload: "c" },
  ]);
});

Deno.test("decodePacket() drops whole what it cannot read", () => {
  const broken = [
    "",
    "1c",
    "1cshort\n",
    encodeProbe(1),
    encodePublication("1", ""),
    "2" + head.slice(1),
    head + "a1",
    head + "a1,5\nfour",
    head + "a1,-1\n",
    head + "a1,1e3\n",
    head + "ax,0\n",
    head + "a1,9999999999999999\n",
    head + "q1,2,0\n",
    head + "f1,2,0\n",
    head + "n0\n",
    head + "z1,0\n",
    head + answerRecord(1, "ok") + "a2,1",
  ];
  for (const text of broken) assert.equal(decodePacket(text), undefined, JSON.stringify(text));
});

Deno.test("checkMethod() takes plain names and no others", () => {
  for (const name of ["a", "services.call", "clients.send_user", "a".repeat(64)]) checkMethod(name);
  for (const name of ["", "A", "1a", "a,b", "a\nb", "a b", "a".repeat(65)]) {
    assert.throws(() => checkMethod(name), TypeError, name);
  }
});
