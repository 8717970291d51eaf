import assert from "node:assert/strict";
import { ClientError, CloseError, closeTable, errorTable, toClientError } from "./errors.ts";

Deno.test("errorTable gives each code once, from 400 on with the HTTP status of the same number", () => {
  const rows = Object.values(errorTable);
  assert.equal(new Set(rows.map((row) => row.code)).size, rows.length);
  for (const { code, status } of rows) {
    assert.ok(code < 400 ? code >= 100 && code <= 113 : code === status, `code ${code}, status ${status}`);
  }
});

Deno.test("closeTable keeps every reason within the 123 bytes of a close frame, and each code once", () => {
  const rows = Object.values(closeTable);
  assert.equal(new Set(rows.map((row) => row.code)).size, rows.length);
  for (const { code, reason } of rows) {
    assert.ok(new TextEncoder().encode(reason).length <= 123, `${code}: ${reason}`);
  }
});

Deno.test("ClientError carries code, status and detail of its row", () => {
  const error = new ClientError("badRequest", { detail: "data is missing" });
  assert.deepEqual([error.code, error.status, error.isTemporary], [107, 400, false]);
  assert.equal(error.message, "bad request: data is missing");
});

Deno.test("toClientError() keeps a ClientError and hides anything else behind 100 with its cause", () => {
  const own = new ClientError("permissionDenied");
  assert.equal(toClientError(own), own);
  const cause = new Error("secret detail");
  const hidden = toClientError(cause);
  assert.deepEqual([hidden.code, hidden.isTemporary, hidden.cause], [100, true, cause]);
  assert.equal(hidden.message, "internal server error");
});

Deno.test("CloseError takes a name of the table or an application's own close", () => {
  assert.deepEqual(new CloseError("slow").close, { code: 3008, reason: "slow" });
  assert.deepEqual(new CloseError({ code: 4500, reason: "banned" }).close, { code: 4500, reason: "banned" });
});
