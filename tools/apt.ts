/** Installs Debian packages without starting what they bring. */

const policyPath = "/usr/sbin/policy-rc.d";
const savedPath = "/usr/sbin/policy-rc.d.shoal-saved";

/** Installing takes longer than this only when a download hangs. */
const installTimeoutMs = 5 * 60_000;

/**
 * Installs `packages` as root, services held back: a policy that refuses every start is in place for the duration, and
 * one that was there before is put back. Signals wait until then. Returns in one line what failed. Not concurrent.
 */
export async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  const ignore = () => {};
  const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, ignore);
  try {
    await holdServices();
    return await aptGet("update") ??
      await aptGet("install", "-y", "--no-install-recommends", ...packages);
  } finally {
    await releaseServices();
    for (const signal of signals) Deno.removeSignalListener(signal, ignore);
  }
}

async function aptGet(...args: readonly string[]): Promise<string | undefined> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const signal = AbortSignal.timeout(installTimeoutMs);
  const command = new Deno.Command("apt-get", { args: [...args], env, stdin: "null", signal });
  const { code } = await command.spawn().status;
  return code === 0 ? undefined : `Cannot install what the tests need: apt-get ${args[0]} ended with ${code}`;
}

async function holdServices(): Promise<void> {
  // A saved policy is the true one, left by a run that was killed: it must not be written over.
  if (!await exists(savedPath) && await exists(policyPath)) await Deno.rename(policyPath, savedPath);
  await Deno.writeTextFile(policyPath, "#!/bin/sh\nexit 101\n");
  await Deno.chmod(policyPath, 0o755);
}

async function releaseServices(): Promise<void> {
  if (await exists(savedPath)) return await Deno.rename(savedPath, policyPath);
  await Deno.remove(policyPath);
}

/** Tells whether something is at `path`, a broken link included. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
