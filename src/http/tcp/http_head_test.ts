import assert from "node:assert/strict";
import { hasToken, parseHead } from "./http_head.ts";

const HOST = "Host: localhost\r\n";

/** What smugglers send, and what is no HTTP: the whole head, and the status that it gets. */
const refused: readonly (readonly [what: string, head: string, status: number])[] = [
  ["both lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  [
    "both, other order",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n`,
    400,
  ],
  ["two different lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\n`, 400],
  ["two equal lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\ncontent-length: 4\r\n\r\n`, 400],
  ["a list of lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 4, 4\r\n\r\n`, 400],
  ["a negative length", `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, 400],
  ["a signed length", `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\n`, 400],
  ["a hex length", `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x4\r\n\r\n`, 400],
  ["an exponent", `POST / HTTP/1.1\r\n${HOST}Content-Length: 1e3\r\n\r\n`, 400],
  ["an empty length", `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`, 400],
  ["a length past exact numbers", `POST / HTTP/1.1\r\n${HOST}Content-Length: 9007199254740993\r\n\r\n`, 400],
  ["other digits", `POST / HTTP/1.1\r\n${HOST}Content-Length: \xb2\r\n\r\n`, 400],
  ["an unknown coding", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`, 501],
  ["a coding before chunked", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
  ["chunked twice", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, chunked\r\n\r\n`, 501],
  [
    "two codings",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n`,
    501,
  ],
  ["chunked with a tail", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked;q=1\r\n\r\n`, 501],
  ["a vertical tab before chunked", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n`, 400],
  ["a no-break space", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \xa0chunked\r\n\r\n`, 501],
  ["a coding in HTTP/1.0", `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, 400],
  ["a space before the colon", `POST / HTTP/1.1\r\n${HOST}Content-Length : 4\r\n\r\n`, 400],
  ["a tab before the colon", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding\t: chunked\r\n\r\n`, 400],
  ["a folded line", `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`, 400],
  ["a first header that is folded", `GET / HTTP/1.1\r\n A: b\r\n${HOST}\r\n`, 400],
  ["a bare LF between headers", `GET / HTTP/1.1\r\n${HOST}A: b\nContent-Length: 4\r\n\r\n`, 400],
  ["a bare LF after the request line", `GET / HTTP/1.1\n${HOST}\r\n`, 400],
  ["a bare CR in a value", `GET / HTTP/1.1\r\n${HOST}A: b\rContent-Length: 4\r\n\r\n`, 400],
  ["NUL in a value", `GET / HTTP/1.1\r\n${HOST}A: b\0c\r\n\r\n`, 400],
  ["NUL in a name", `GET / HTTP/1.1\r\n${HOST}A\0: b\r\n\r\n`, 400],
  ["NUL in the target", `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["DEL in a value", `GET / HTTP/1.1\r\n${HOST}A: \x7f\r\n\r\n`, 400],
  ["an empty name", `GET / HTTP/1.1\r\n${HOST}: b\r\n\r\n`, 400],
  ["a line without colon", `GET / HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`, 400],
  ["a name of other letters", `GET / HTTP/1.1\r\n${HOST}\xc4: b\r\n\r\n`, 400],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two Hosts", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  ["two Hosts, one of them empty", `GET / HTTP/1.1\r\n${HOST}Host:\r\n\r\n`, 400],
  ["a Host with a user", "GET / HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n", 400],
  ["a Host with a path", "GET / HTTP/1.1\r\nHost: localhost/evil\r\n\r\n", 400],
  ["a Host with a space", "GET / HTTP/1.1\r\nHost: localhost evil\r\n\r\n", 400],
  ["two spaces in the request line", `GET  / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a space in the target", `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a tab in the request line", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a space at the end of the request line", `GET / HTTP/1.1 \r\n${HOST}\r\n`, 400],
  ["a method with a space before", ` GET / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a method that is no token", `G(T / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a long method", `${"G".repeat(33)} / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["an absolute target", `GET http://evil.example/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["an authority as target", `CONNECT evil.example:80 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["the asterisk", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["bytes over 127 in the target", `GET /\xfc HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a backslash in the target", `GET /a\\..\\b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a fragment in the target", `GET /a#/b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a step up in the target", `GET /a/../b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a step up at its end", `GET /a/..?b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a step to itself", `GET /./a HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["an encoded step up", `GET /a/.%2E/b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["no version", `GET /\r\n${HOST}\r\n`, 400],
  ["HTTP/2", "PRI / HTTP/2.0\r\n\r\n", 505],
  ["HTTP/0.9", `GET / HTTP/0.9\r\n${HOST}\r\n`, 505],
  ["a long version", `GET / HTTP/1.10\r\n${HOST}\r\n`, 400],
  ["a version in small letters", `GET / http/1.1\r\n${HOST}\r\n`, 400],
  ["a hundred headers and one", `GET / HTTP/1.1\r\n${HOST}${"A: b\r\n".repeat(100)}\r\n`, 431],
  ["an expectation", `GET / HTTP/1.1\r\n${HOST}Expect: the worst\r\n\r\n`, 417],
  ["TLS", "\x16\x03\x01\r\n\r\n", 400],
];

for (const [what, head, status] of refused) {
  Deno.test(`parseHead() refuses ${what}`, () => {
    const parsed = parseHead(head);
    assert.equal("status" in parsed ? parsed.status : "taken", status);
  });
}

function taken(head: string) {
  const parsed = parseHead(head);
  if ("fault" in parsed) throw new Error(parsed.fault);
  return parsed;
}

Deno.test("parseHead() reads method, target and headers", () => {
  const head = taken(`GET /a?b=c HTTP/1.1\r\n${HOST}X-A:  one \t\r\nx-a: t\xfco\r\nB:\r\n\r\n`);
  assert.deepEqual([head.method, head.target], ["GET", "/a?b=c"]);
  assert.equal(head.headers.get("x-a"), "one, t\xfco");
  assert.equal(head.headers.get("b"), "");
  assert.equal(head.headers.get("c"), null);
  assert.deepEqual(head.body, { kind: "none" });
});

Deno.test("parseHead() says how a body is delimited", () => {
  const post = (header: string) => taken(`POST / HTTP/1.1\r\n${HOST}${header}\r\n\r\n`).body;
  assert.deepEqual(post("Content-Length: 12"), { kind: "length", bytes: 12 });
  assert.deepEqual(post("Content-Length: 0"), { kind: "none" });
  assert.deepEqual(post("Transfer-Encoding: Chunked"), { kind: "chunked" });
});

Deno.test("parseHead() says whether the connection goes on", () => {
  const isKeptAlive = (version: string, header = "") =>
    taken(`GET / HTTP/${version}\r\n${HOST}${header}\r\n`).isKeptAlive;
  assert.equal(isKeptAlive("1.1"), true);
  assert.equal(isKeptAlive("1.1", "Connection: Upgrade, Close\r\n"), false);
  assert.equal(isKeptAlive("1.1", "Connection: closed\r\n"), true);
  assert.equal(isKeptAlive("1.0", "Connection: keep-alive\r\n"), false);
});

Deno.test("parseHead() takes HTTP/1.0 without Host", () => {
  assert.equal(taken("GET / HTTP/1.0\r\n\r\n").knowsChunks, false);
});

Deno.test("parseHead() takes the hosts of IPv6 and of ports", () => {
  for (const host of ["[::1]:8080", "a_b.example:1", "", "127.0.0.1"]) {
    assert.equal(taken(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).headers.get("host"), host);
  }
});

Deno.test("hasToken() compares whole tokens in any case", () => {
  assert.equal(hasToken("keep-alive, CLOSE", "close"), true);
  assert.equal(hasToken("closer", "close"), false);
  assert.equal(hasToken(null, "close"), false);
});
