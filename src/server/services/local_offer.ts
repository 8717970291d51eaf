import { ClientError } from "../../core/errors.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { FunctionShape, ServiceShape } from "../../protocol/service_requests.ts";
import { DEFAULT_CONCURRENCY, MAX_DESCRIPTOR_CHARS } from "./limits.ts";
import { type ArgsCheck, compileSchema } from "./schema/mod.ts";

/** A function as the node of its provider runs it. */
export interface LocalFunction {
  readonly isSafe: boolean;
  /** It says that it answers with a stream. */
  readonly isStream: boolean;
  /** Undefined where any arguments will do. */
  readonly check: ArgsCheck | undefined;
}

/** A service that a client of this node offers. */
export interface LocalOffer {
  readonly workspace: string;
  readonly shape: ServiceShape;
  /** The shape as JSON. */
  readonly descriptor: string;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly concurrency: number;
  /** Calls that run. */
  running: number;
}

/** Makes an offer of what a client registers. Throws 107 for a schema that cannot be used, 413 for too long a
 * description. */
export function localOffer(workspace: string, shape: ServiceShape): LocalOffer {
  const descriptor = payloadOf(shape);
  if (descriptor.length > MAX_DESCRIPTOR_CHARS) {
    throw new ClientError("tooLarge", {
      detail:
        `the service is described in ${descriptor.length} characters, want at most ${MAX_DESCRIPTOR_CHARS}`,
    });
  }
  const functions = Object.entries(shape.functions).map(([name, each]) =>
    [name, localFunction(name, each)] as const
  );
  const { concurrency = DEFAULT_CONCURRENCY } = shape;
  return { workspace, shape, descriptor, functions: new Map(functions), concurrency, running: 0 };
}

function localFunction(name: string, { safe = false, stream = false, params }: FunctionShape): LocalFunction {
  const claims = { isSafe: safe, isStream: stream };
  if (params === undefined) return { ...claims, check: undefined };
  try {
    return { ...claims, check: compileSchema(params) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError("badRequest", { detail: `function "${name}": ${error.message}`, cause: error });
  }
}
