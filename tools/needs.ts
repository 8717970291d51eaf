/** What the tests need from the system, and what to do about what is missing. Pure: looks nowhere itself. */

/** A program that a test starts, and where it comes from. */
export interface Need {
  /** Name of the program on PATH. */
  readonly binary: string;
  /** Debian and Ubuntu package that brings it. */
  readonly debianPackage: string;
}

/** Every program that the tests start besides Deno. */
export const testNeeds: readonly Need[] = [
  { binary: "redis-server", debianPackage: "redis-server" },
  { binary: "nginx", debianPackage: "nginx" },
  // Checks the text of /metrics; the package has no smaller part with promtool in it.
  { binary: "promtool", debianPackage: "prometheus" },
  // Scrapes a cluster and asks every query of the dashboards.
  { binary: "prometheus", debianPackage: "prometheus" },
  // Packs the library and installs it as a user would.
  { binary: "npm", debianPackage: "npm" },
  // Validates and merges the compose files; starts no engine.
  { binary: "docker-compose", debianPackage: "docker-compose" },
  // Reads the units; starts no systemd.
  { binary: "systemd-analyze", debianPackage: "systemd" },
  // Asks from a second address of this machine.
  { binary: "curl", debianPackage: "curl" },
  // Makes the certificate of an nginx with TLS.
  { binary: "openssl", debianPackage: "openssl" },
  // Opens a report of the load tester with no network.
  { binary: "chromium", debianPackage: "chromium" },
];

/** What the decision depends on. */
export interface Situation {
  readonly missing: readonly Need[];
  readonly isRoot: boolean;
  readonly isDebianLike: boolean;
  /** Whether someone sits at the terminal who can be asked. */
  readonly isTerminal: boolean;
  /** Whether the caller agreed beforehand: `--yes` or CI. */
  readonly hasConsent: boolean;
}

/** What to do before the tests run. */
export type NeedsPlan =
  | { readonly state: "ready" }
  | {
    readonly state: "install";
    readonly packages: readonly string[];
    readonly mustAsk: boolean;
    readonly line: string;
  }
  | { readonly state: "stop"; readonly message: string };

/** Decides how to come by what is missing. A missing program is never a reason to skip tests. */
export function planNeeds(situation: Situation): NeedsPlan {
  if (situation.missing.length === 0) return { state: "ready" };
  const packages = [...new Set(situation.missing.map((need) => need.debianPackage))];
  if (!situation.isRoot || !situation.isDebianLike) {
    return { state: "stop", message: missingMessage(situation, packages) };
  }
  return {
    state: "install",
    packages,
    mustAsk: situation.isTerminal && !situation.hasConsent,
    line: aptLine(packages),
  };
}

/** One line on what is missing after all, and how to get it. */
export function missingMessage(
  situation: Pick<Situation, "missing" | "isDebianLike">,
  packages: readonly string[],
): string {
  const names = situation.missing.map((need) => need.binary).join(", ");
  const how = situation.isDebianLike
    ? `run: sudo sh -c "${aptLine(packages)}"`
    : "install with your system's package manager and put on PATH";
  return `Cannot run the tests: missing ${names}; ${how} (unit tests alone: deno task test src tools)`;
}

/** The command a person would type to install `packages`. */
function aptLine(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/** Tells from the text of /etc/os-release whether the system is Debian, Ubuntu or made from them. */
export function isDebianLike(osRelease: string): boolean {
  const ids = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap(([, value]) =>
    (value ?? "").replaceAll('"', "").split(" ")
  );
  return ids.includes("debian") || ids.includes("ubuntu");
}
