import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/log.ts";
import type { NodeSettings } from "../options.ts";
import { HookCalls } from "./hook_calls.ts";
import type { Hooks } from "./hooks.ts";
import { httpHooks } from "./http_hooks.ts";

/** The hooks of a node: those in TypeScript, and for the rest those over HTTP that `settings` name. */
export function hookCallsOf(
  settings: NodeSettings,
  own: Hooks | undefined,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): HookCalls {
  const given = Object.entries(own ?? {}).filter(([, hook]) => hook !== undefined);
  const hooks: Hooks = { ...httpHooks(settings, clock), ...Object.fromEntries(given) };
  return new HookCalls({ hooks, timeoutMs: settings.hooksTimeoutMs, clock, log });
}
