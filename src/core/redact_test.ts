import assert from "node:assert/strict";
import { redactor } from "./redact.ts";

Deno.test("redactor() masks a secret as it is, in JSON and in a URL", () => {
  const redact = redactor(['p@ss"word', "", "abc"]);
  assert.equal(redact('said p@ss"word'), "said ***");
  assert.equal(redact(JSON.stringify({ said: 'p@ss"word' })), '{"said":"***"}');
  assert.equal(redact("p%40ss%22word"), "***");
});

Deno.test("redactor() leaves text alone for secrets that are empty or too short to be one", () => {
  assert.equal(redactor(["", "abc"])("abc abc"), "abc abc");
});

Deno.test("redactor() masks tokens and passwords in URLs that nobody told it of", () => {
  const redact = redactor([]);
  assert.equal(redact('token "eyJhbGciOi.eyJzdWIiOi.c2ln-_" is bad'), 'token "***" is bad');
  assert.equal(redact("redis://u:secret@h:6379 and redis://:x@h"), "redis://***@h:6379 and redis://***@h");
  assert.equal(redact("http://h:80/a@b"), "http://h:80/a@b");
});
