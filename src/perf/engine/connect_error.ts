/** Why a connection did not come about. */
import { classifyConnect, type ErrorClass } from "../truth/error_classes.ts";

/** A connection that did not come about. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly errorClass: ErrorClass;

  constructor(errorClass: ErrorClass, message: string) {
    super(message);
    this.errorClass = errorClass;
  }
}

/** The connection took longer than `timeoutMs`. */
export function connectTimeout(timeoutMs: number): ConnectError {
  return new ConnectError("connect_timeout", `no connection within ${timeoutMs} ms`);
}

/** What dialling failed with, by class; anything that is a fault of the program stays what it is. */
export function connectErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) return error;
  return new ConnectError(classifyConnect(error.message), error.message);
}
