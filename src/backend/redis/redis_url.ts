/** Where a Redis is and how to log in. */
export interface RedisAddress {
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
  /** PEM of authorities that are trusted beside the usual ones. */
  readonly caCerts: readonly string[];
  /** Undefined without a password. A password alone belongs to the user `default`. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Database number of keys; pub/sub knows no databases. */
  readonly database: number;
  /** `host:port`, fit for messages: no password. */
  readonly text: string;
}

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Throws `TypeError` on anything
 * else, never with the password in its text.
 */
export function parseRedisUrl(text: string, { usualPort = 6379, ca = "" } = {}): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "redis:" && url.protocol !== "rediss:")) {
    throw new TypeError("Cannot read Redis URL: want redis://host:port or rediss://host:port");
  }
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined) {
    throw new TypeError(
      `Cannot read Redis URL: want a database number after the host, have "${url.pathname}"`,
    );
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
  const port = url.port === "" ? usualPort : Number(url.port);
  return {
    hostname,
    port,
    isTls: url.protocol === "rediss:",
    caCerts: ca === "" ? [] : [ca],
    login: loginOf(url),
    database: Number(database),
    text: `${url.hostname || hostname}:${port}`,
  };
}

function loginOf(url: URL): RedisAddress["login"] {
  if (url.password === "" && url.username === "") return undefined;
  if (url.password === "") {
    throw new TypeError("Cannot read Redis URL: a user without a password; want redis://user:password@host");
  }
  return { user: decode(url.username) || "default", password: decode(url.password) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(
      "Cannot read Redis URL: user or password hold a % that starts no code; write it as %25",
    );
  }
}
