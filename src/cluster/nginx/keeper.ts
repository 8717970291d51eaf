/**
 * Program: runs one nginx for as long as the pipe to its own stdin is open, so that nginx ends with the supervisor that
 * started it, however that ends. `deno run --allow-run=nginx,cat keeper.ts <folder>`; the folder holds `nginx.conf`.
 * SIGHUP: nginx reads its files again. SIGTERM, or the end of stdin: nginx ends, in good order if it can.
 */

/** Exit code when nginx cannot be found. */
const NO_NGINX = 2;
/** How long what runs through nginx may take to end: as long as nodes may drain. */
const QUIT_WITHIN_MS = 45_000;

if (import.meta.main) Deno.exit(await keep(Deno.args[0] ?? ""));

async function keep(folder: string): Promise<number> {
  const words = ["-p", folder, "-c", `${folder}/nginx.conf`, "-e", "/dev/stderr"];
  await endLeftOver(folder, words);
  const nginx = start(words);
  if (nginx === undefined) return NO_NGINX;
  Deno.addSignalListener("SIGHUP", () => signal(nginx, "SIGHUP"));
  // The terminal sends it to all: the supervisor decides what it means.
  Deno.addSignalListener("SIGINT", () => {});
  const ending = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => ending.resolve());
  void Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => ending.resolve());
  void ending.promise.then(() => end(nginx));
  return (await nginx.status).code;
}

function start(words: readonly string[]): Deno.ChildProcess | undefined {
  try {
    // A group of its own: what the terminal sends must not cut the clients off.
    return new Deno.Command("nginx", { args: [...words], stdin: "null", detached: true }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    console.error(
      "Cannot find nginx: install it (`apt install nginx`), or start the cluster without --nginx",
    );
    return undefined;
  }
}

function end(nginx: Deno.ChildProcess): void {
  signal(nginx, "SIGQUIT");
  const late = setTimeout(() => signal(nginx, "SIGTERM"), QUIT_WITHIN_MS);
  Deno.unrefTimer(late);
}

function signal(nginx: Deno.ChildProcess, name: "SIGHUP" | "SIGQUIT" | "SIGTERM"): void {
  try {
    nginx.kill(name);
  } catch (error) {
    // It ended a moment ago, which its status tells.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A keeper that was killed left its nginx behind, with our port. */
async function endLeftOver(folder: string, words: readonly string[]): Promise<void> {
  const pid = (await read(`${folder}/nginx.pid`)).trim();
  if (!/^\d+$/.test(pid) || !await isOurs(pid, folder)) return;
  await new Deno.Command("nginx", { args: [...words, "-s", "stop"] }).output();
  for (let looks = 0; looks < 100 && await isOurs(pid, folder); looks++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The master of an nginx shows its words in its title. */
async function isOurs(pid: string, folder: string): Promise<boolean> {
  const title = await read(`/proc/${pid}/cmdline`);
  return title.startsWith("nginx: master process") && title.includes(`-p ${folder} `);
}

/** Through `cat`, as everything that lies in /proc; "" when it is not there. */
async function read(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [path], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
