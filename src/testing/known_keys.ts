/** Finds keys that a validator does not know, for validators that refuse wrong types but let unknown keys pass. */

/** A compiled JSON schema: true when `data` fits, else `errors` says why. */
export interface Validator {
  (data: unknown): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/**
 * Everything that is wrong with `data`: what `validate` says, and paths that it never looked at. A validator reads each
 * property that its schema names and walks over those of a free map, so what it leaves unread, it does not know.
 */
export function faultsOf(data: unknown, validate: Validator): readonly string[] {
  const unread = new Set<string>();
  const watched = watch(data, "", unread);
  const isValid = validate(watched);
  const errors = (isValid ? [] : validate.errors ?? []).map(({ instancePath, message = "does not fit" }) =>
    `${instancePath || "/"} ${message}`
  );
  return [...errors, ...[...unread].map((path) => `${path} is unknown`)];
}

function watch(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const at = (key: PropertyKey) => `${path}/${String(key)}`;
  const inner = new Map(Object.entries(value).map(([key, each]) => [key, watch(each, at(key), unread)]));
  if (!Array.isArray(value)) { for (const key of inner.keys()) unread.add(at(key)); }
  return new Proxy(value, {
    get(target, key) {
      unread.delete(at(key));
      return typeof key === "string" && inner.has(key) ? inner.get(key) : Reflect.get(target, key);
    },
    ownKeys(target) {
      for (const key of inner.keys()) unread.delete(at(key));
      return Reflect.ownKeys(target);
    },
  });
}
