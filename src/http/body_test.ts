import assert from "node:assert/strict";
import { BodyTooLargeError, boundBody } from "./body.ts";

function streamed(text: string): Request {
  return new Request("http://localhost/", { method: "POST", body: new Blob([text]).stream() });
}

Deno.test("boundBody() answers 413 when the length says too much", () => {
  const request = new Request("http://localhost/", { method: "POST", headers: { "content-length": "11" } });
  const answer = boundBody(request, 10);
  assert.ok(!(answer instanceof Request));
  assert.equal(answer.status, 413);
});

Deno.test("boundBody() fails the reading of a body without length past the bound", async () => {
  const short = boundBody(streamed("0123456789"), 10);
  assert.ok(short instanceof Request);
  assert.equal(await short.text(), "0123456789");
  const long = boundBody(streamed("0123456789x"), 10);
  assert.ok(long instanceof Request);
  await assert.rejects(long.text(), BodyTooLargeError);
});
