/**
 * Why a call came to nothing: 404 nobody offers it, 408 the deadline, 410 the provider left during the call, 413 too
 * large, 429 every provider is at its limit, 502 the provider's answer could not be read, or a code of the provider's
 * own (400 to 1999); also what the server answers to any command, such as 103, permission denied.
 *
 * A provider throws one to choose what its caller sees.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: number;
  /** The same call may succeed when it is made again. */
  readonly isTemporary: boolean;

  constructor(code: number, message: string, options?: ErrorOptions & { readonly isTemporary?: boolean }) {
    super(message, options);
    this.code = code;
    this.isTemporary = options?.isTemporary ?? false;
  }
}

/** The SDK's own codes: it waited for longer than its `timeout`, or has no connection. */
const SDK_TIMEOUT = 1;
const SDK_CLOSED: ReadonlySet<number> = new Set([2, 3, 4, 10, 11]);

/** What the SDK rejected with, as a {@linkcode ServiceError}. */
export function serviceErrorOf(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const { code, message, temporary } = fieldsOf(thrown);
  if (code === SDK_TIMEOUT) {
    return new ServiceError(408, "no answer within the client's timeout", { cause: thrown });
  }
  if (SDK_CLOSED.has(code)) {
    return new ServiceError(100, "not connected", { cause: thrown, isTemporary: true });
  }
  return new ServiceError(code, message, { cause: thrown, isTemporary: temporary });
}

/** The SDK rejects with plain objects. */
function fieldsOf(thrown: unknown) {
  const fields: Readonly<Record<string, unknown>> = typeof thrown === "object" && thrown !== null
    ? { ...thrown }
    : {};
  return {
    code: typeof fields.code === "number" ? fields.code : 100,
    message: typeof fields.message === "string" ? fields.message : String(thrown),
    temporary: fields.temporary === true,
  };
}
