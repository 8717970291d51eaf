/** What a token, or a hook, lets its bearer do beyond what namespaces let everybody do. */
import { globTest } from "../core/glob.ts";
import { linearTest } from "../core/linear_pattern.ts";
import type { CapClaim } from "../protocol/token_claims.ts";

/**
 * Actions: subscribe, publish, presence, history; `rpc`, methods of the application; `srv`, services; `msg`, direct
 * messages.
 */
export type Action = "sub" | "pub" | "prs" | "hst" | "rpc" | "srv" | "msg";

interface Capability {
  readonly allow: ReadonlySet<string>;
  readonly tests: readonly ((name: string) => boolean)[];
}

/** A list of capabilities, compiled. */
export class Capabilities {
  readonly #capabilities: readonly Capability[];

  /** Throws `SyntaxError` for a pattern that cannot be read. */
  constructor(claims: readonly CapClaim[]) {
    this.#capabilities = claims.map((claim) => ({ allow: new Set(claim.allow), tests: testsOf(claim) }));
  }

  /** Whether any of them allows `action`, on whatever. */
  has(action: Action): boolean {
    return this.#capabilities.some(({ allow }) => allow.has(action));
  }

  /** Whether one of them allows `action` on `name`, a channel. */
  allows(action: Action, name: string): boolean {
    return this.#capabilities.some(({ allow, tests }) =>
      allow.has(action) && tests.some((test) => test(name))
    );
  }

  /** The same for a function `<service>.<function>`; a capability without names is for all. */
  allowsFunction(name: string): boolean {
    return this.#capabilities.some(({ allow, tests }) =>
      allow.has("srv") && (tests.length === 0 || tests.some((test) => test(name)))
    );
  }
}

/** Of somebody who may do what everybody may. */
export const noCapabilities: Capabilities = new Capabilities([]);

function testsOf({ channels, match }: CapClaim): Capability["tests"] {
  switch (match) {
    case "exact": {
      const names = new Set(channels);
      return names.size === 0 ? [] : [(name) => names.has(name)];
    }
    case "wildcard":
      return channels.map(globTest);
    case "regex":
      return channels.map(linearTest);
    default:
      return match satisfies never;
  }
}
