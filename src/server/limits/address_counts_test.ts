import assert from "node:assert/strict";
import { FakeSocket } from "../../testing/fake_socket.ts";
import type { Handshake } from "../socket.ts";
import { AddressCounts } from "./address_counts.ts";

function handshakeFrom(remoteAddress: string): Handshake {
  return { remoteAddress, path: "/", query: new URLSearchParams(), header: () => undefined };
}

/** Opens sockets of an address at a limit of two, and remembers what became of them. */
function gate() {
  const counts = new AddressCounts(2);
  const heard: string[] = [];
  let refusals = 0;
  const listener = { onMessage: (data: unknown) => void heard.push(String(data)), onClose: () => {} };
  const acceptor = counts.guard(() => listener, () => void refusals++);
  const open = (address: string) => {
    const socket = new FakeSocket();
    return { socket, listener: acceptor(socket, handshakeFrom(address)) };
  };
  return { counts, heard, open, refusals: () => refusals };
}

Deno.test("AddressCounts.isFull() counts open sockets of one address, and frees those that ended", () => {
  const { counts, open } = gate();
  const first = open("10.0.0.1");
  open("::ffff:10.0.0.1");
  open("10.0.0.2");
  assert.deepEqual([counts.isFull("10.0.0.1"), counts.isFull("10.0.0.2")], [true, false]);
  first.listener.onClose(1000, "");
  assert.equal(counts.isFull("10.0.0.1"), false);
});

Deno.test("AddressCounts.guard() closes sockets past the limit with 3013 and hands on the others' messages", () => {
  const { heard, open, refusals } = gate();
  const [first, , third] = [open("2001:db8::1"), open("2001:db8::2"), open("2001:db8::3")];
  assert.deepEqual([first?.socket.closed, third?.socket.closed?.code, refusals()], [undefined, 3013, 1]);
  first?.listener.onMessage("a");
  third?.listener.onMessage("b");
  assert.deepEqual(heard, ["a"]);
});

Deno.test("AddressCounts without a limit leaves the acceptor as it is", () => {
  const acceptor = () => ({ onMessage: () => {}, onClose: () => {} });
  assert.equal(new AddressCounts(0).guard(acceptor, () => {}), acceptor);
  assert.equal(new AddressCounts(0).isFull("10.0.0.1"), false);
});
