/** API keys: who may call which methods, and in which workspaces. */
import { createHash, timingSafeEqual } from "node:crypto";

/** One key of the configuration. */
export interface ApiKeyOptions {
  /** For people and logs. */
  readonly name: string;
  readonly key: string;
  /** Workspaces it is for, `*` for all; the first is the one of requests that name none. */
  readonly workspaces: readonly string[];
  /** Methods it is for; `*` is every method of the server API, but neither `admin` nor `metrics`. */
  readonly methods: readonly string[];
}

const ALL = "*";
/** Rights that are no methods of the server API, and that `*` does not give. */
const rights: ReadonlySet<string> = new Set(["admin", "metrics"]);
const DEFAULT_WORKSPACE = "default";

/** What the holder of a key may do. */
export class ApiCaller {
  readonly name: string;
  readonly #workspaces: readonly string[];
  readonly #methods: ReadonlySet<string>;

  constructor({ name, workspaces, methods }: ApiKeyOptions) {
    this.name = name;
    this.#workspaces = workspaces;
    this.#methods = new Set(methods);
  }

  /** The workspace of a request that names none. */
  get defaultWorkspace(): string {
    const [first = ALL] = this.#workspaces;
    return first === ALL ? DEFAULT_WORKSPACE : first;
  }

  mayCall(method: string): boolean {
    return this.#methods.has(method) || (this.#methods.has(ALL) && !rights.has(method));
  }

  mayEnter(workspace: string): boolean {
    return this.#workspaces.includes(workspace) || this.#workspaces.includes(ALL);
  }
}

/** Knows the keys by their digests alone. */
export class ApiKeys {
  readonly #known: readonly { readonly digest: Uint8Array; readonly caller: ApiCaller }[];

  constructor(keys: readonly ApiKeyOptions[]) {
    this.#known = keys.map((key) => ({ digest: digestOf(key.key), caller: new ApiCaller(key) }));
  }

  /** True when there is no key, so that nobody can call. */
  get isEmpty(): boolean {
    return this.#known.length === 0;
  }

  /** Whose key this is. Takes the same time whichever it is, and for one that is none. */
  find(key: string): ApiCaller | undefined {
    const digest = digestOf(key);
    let found: ApiCaller | undefined;
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known.caller;
    return found;
  }
}

function digestOf(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}
