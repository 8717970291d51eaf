/** The procedures `services.*` and what clients offer: their shapes. */
import { z } from "zod"; // zod: shapes are declared once and give both the check and the type
import { MAX_TIMEOUT_MS } from "./service_limits.ts";

/** What a service may be called; the last dot of `<service>.<function>` ends it. */
const SERVICE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** What a function may be called. */
const FUNCTION_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Procedures of the server begin with these. */
const RESERVED: ReadonlySet<string> = new Set(["services", "clients"]);

const serviceId = z.string().regex(SERVICE_ID, { error: "want 1 to 64 of a-z, A-Z, 0-9, _, . and -" })
  .refine((id) => !RESERVED.has(id), { error: "that id is the server's own" });
const functionName = z.string().regex(FUNCTION_NAME, { error: "want 1 to 64 of a-z, A-Z, 0-9 and _" });
const text = z.string().max(4_096);

const functionShape = z.object({
  description: text.optional(),
  /** JSON Schema of the arguments; looked at where it is compiled. */
  params: z.unknown().optional(),
  /** Calling it changes nothing, so that GET may. */
  safe: z.boolean().optional(),
  /** It answers with a stream. */
  stream: z.boolean().optional(),
});

/** What a client offers. */
export const registerRequest = z.object({
  id: serviceId,
  name: z.string().max(255).optional(),
  description: text.optional(),
  functions: z.record(functionName, functionShape)
    .refine((functions) => Object.keys(functions).length <= 256, { error: "want at most 256" }),
  visibility: z.enum(["public", "workspace"]).default("workspace"),
  /** Calls that it takes at once. */
  concurrency: z.number().int().min(1).max(65_536).optional(),
});

/** Data of `services.unregister` and of `services.get`. */
export const serviceRequest = z.object({ id: z.string().max(255), workspace: z.string().max(64).optional() });

/** Data of `services.list`. */
export const serviceListRequest = z.object({ workspace: z.string().max(64).optional() });

/** Data of `services.call`. */
export const serviceCallRequest = z.object({
  service: z.string().max(255),
  function: z.string().max(255),
  args: z.unknown().optional(),
  timeout_ms: z.number().int().min(1).max(MAX_TIMEOUT_MS).optional(),
  /** Only this provider. */
  client: z.string().max(255).optional(),
  stream: z.boolean().optional(),
  workspace: z.string().max(64).optional(),
});

/** A service as its provider describes it. */
export type ServiceShape = Readonly<z.infer<typeof registerRequest>>;

/** A function as its provider describes it. */
export type FunctionShape = Readonly<z.infer<typeof functionShape>>;

/** A call as a client asks for it. */
export type ServiceCallRequest = Readonly<z.infer<typeof serviceCallRequest>>;

/** Reads a descriptor that a node wrote, here or in another version; undefined for what cannot be one. */
export function readDescriptor(json: string): ServiceShape | undefined {
  try {
    const result = registerRequest.safeParse(JSON.parse(json));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // a newer version may write what this one cannot read
  }
}

/** Service and function of the short form `<service>.<function>`; undefined for a method that is none. */
export function splitMethod(method: string): { readonly service: string; readonly name: string } | undefined {
  const dot = method.lastIndexOf(".");
  const [service, name] = [method.slice(0, dot), method.slice(dot + 1)];
  return dot > 0 && SERVICE_ID.test(service) && FUNCTION_NAME.test(name) ? { service, name } : undefined;
}
