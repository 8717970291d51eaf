import { createHash } from "node:crypto";
import { defineApp } from "./app.ts";

/** Answers `{"sha": "<hex of the SHA-256 of the message>"}`; text counts as UTF-8. */
export const sha256 = defineApp({
  message: (client, message) => client.send({ sha: createHash("sha256").update(message).digest("hex") }),
});
