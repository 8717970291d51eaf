/** What a command must be, whatever it was encoded in. */
import { type ClientError, CloseError } from "../core/errors.ts";
import { type Command, type CommandOf, type RequestKind, requestSchemas } from "./commands.ts";

const MAX_ID = 0xffff_ffff;
const kinds = new Set<string>(Object.keys(requestSchemas));

/** What comes from a client: a pong, a command, or one that is to be answered with an error. */
export type Incoming =
  | Command
  | { readonly kind: "pong" }
  | { readonly kind: "refused"; readonly command: CommandOf<RequestKind>; readonly error: ClientError };

/** The answer to a ping. */
export const PONG: Incoming = { kind: "pong" };

/** The one known request of a command; undefined for an object without any field. Throws 3501 for none or several. */
export function requestKind(value: Readonly<Record<string, unknown>>): RequestKind | undefined {
  let found: string | undefined;
  let isEmpty = true;
  for (const key in value) {
    isEmpty = false;
    if (!kinds.has(key)) continue;
    if (found !== undefined) throw new CloseError("badRequest");
    found = key;
  }
  if (found === undefined && !isEmpty) throw new CloseError("badRequest");
  return found as RequestKind | undefined;
}

/**
 * The command, its unknown fields dropped. Throws a {@linkcode CloseError} with 3501 for fields of a wrong type and for
 * an id that is no positive uint32 (`send` may go without).
 */
export function checkCommand(
  id: unknown,
  kind: RequestKind,
  request: unknown,
  rawData: string | undefined,
): Command {
  const checked = requestSchemas[kind].safeParse(request);
  checkId(id, kind);
  if (!checked.success) throw new CloseError("badRequest", { cause: checked.error });
  // The schema of `kind` made the request, which the compiler cannot follow through the table.
  return { kind, id, request: checked.data, rawData } as Command;
}

function checkId(id: unknown, kind: RequestKind): void {
  const isId = typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= MAX_ID;
  if (!isId || (id === 0 && kind !== "send")) throw new CloseError("badRequest");
}
