/** Where a run took place: without it, a number cannot be compared with another. */

/** The machine and the program. */
export interface Environment {
  readonly deno: string;
  readonly v8: string;
  readonly os: string;
  readonly arch: string;
  readonly cores: number;
  readonly cpuModel: string;
  /** Commit of the folder the run was started in, when it is a git repository. */
  readonly commit: string | undefined;
  /** Soft limit of open files of this process. */
  readonly maxOpenFiles: string | undefined;
  readonly somaxconn: string | undefined;
  readonly ipLocalPortRange: string | undefined;
}

/** Reads what can be read with the permissions at hand; the rest is `unknown` or absent. */
export async function readEnvironment(): Promise<Environment> {
  const [cpu, limits, backlog, ports, commit] = await Promise.all([
    cat("/proc/cpuinfo"),
    cat("/proc/self/limits"),
    cat("/proc/sys/net/core/somaxconn"),
    cat("/proc/sys/net/ipv4/ip_local_port_range"),
    readCommit(),
  ]);
  return {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: Deno.build.os,
    arch: Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    cpuModel: /^model name\s*:\s*(.+)$/m.exec(cpu ?? "")?.[1] ?? "unknown",
    commit,
    maxOpenFiles: /^Max open files\s+(\S+)/m.exec(limits ?? "")?.[1],
    somaxconn: backlog?.trim(),
    ipLocalPortRange: ports?.trim().replaceAll("\t", "-"),
  };
}

/** The file `path` of /proc or /sys, or undefined. Deno gives them to `--allow-all` only; `cat` may read them. */
export async function cat(path: string): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const output = await new Deno.Command("cat", { args: [path], stderr: "null" }).output();
    return output.success ? new TextDecoder().decode(output.stdout) : undefined;
  } catch (error) {
    if (isForbiddenOrMissing(error)) return undefined;
    throw error;
  }
}

async function readCommit(): Promise<string | undefined> {
  try {
    const head = (await Deno.readTextFile(".git/HEAD")).trim();
    if (!head.startsWith("ref: ")) return head;
    return (await Deno.readTextFile(`.git/${head.slice(5)}`)).trim();
  } catch (error) {
    if (isForbiddenOrMissing(error)) return undefined;
    throw error;
  }
}

function isForbiddenOrMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory;
}
