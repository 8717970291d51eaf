import { ClientError } from "../../core/errors.ts";

/** Answers 108: no namespace offers this. */
export function unavailable(): never {
  throw new ClientError("notAvailable");
}
