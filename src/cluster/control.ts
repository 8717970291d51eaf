/** Opens what `deno task cluster stop` and its kin find the supervisor by: the socket, and the file that names it. */
import type { Changes } from "./changes.ts";
import type { Cluster } from "./cluster.ts";
import { type ControlAddress, controlPath, removeControlFile, writeControlFile } from "./control_file.ts";
import { ControlServer } from "./control_server.ts";
import type { Screen } from "./screen.ts";
import { randomSecret } from "./secret.ts";

/** An open control socket, with or without its file. */
export interface Control {
  readonly server: ControlServer;
  close(code: number): Promise<void>;
}

/** Opens the control socket. A folder that cannot be written costs the commands, not the cluster. */
export async function openControl(
  cluster: Cluster,
  changes: Changes,
  screen: Screen,
  directory: string,
  port: number,
): Promise<Control> {
  const secret = randomSecret();
  const server = new ControlServer(secret, {
    nodes: () => cluster.views(),
    end: () => cluster.end("asked to stop"),
    reload: (tell) => changes.reload(tell),
    scale: (count, tell) => changes.scale(count, tell),
  }, { say: (text) => screen.say(text) });
  const address: ControlAddress = { port, pid: Deno.pid, controlPort: server.port, secret };
  const isWritten = await tryWrite(directory, address);
  if (!isWritten) {
    screen.say(`Cannot write ${controlPath(directory, port)}: \`deno task cluster stop\` will not find us`);
  }
  return {
    server,
    close: async (code) => {
      if (isWritten) await removeControlFile(directory, address);
      await server.close(code);
    },
  };
}

async function tryWrite(directory: string, address: ControlAddress): Promise<boolean> {
  try {
    await writeControlFile(directory, address);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
      return false;
    }
    if (error instanceof Error && "code" in error && error.code === "EROFS") return false;
    throw error;
  }
}
