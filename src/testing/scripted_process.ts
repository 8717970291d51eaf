/** A scripted server in a process of its own, so that a test can kill it and start it again on the same port. */
import { fileURLToPath } from "node:url";
import { inTime } from "./waiting.ts";

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../tests/fixtures/${name}`, import.meta.url));
}

const START_WITHIN_MS = 20_000;

/** One process. Dispose it to end it. */
export class ScriptedProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts one and waits until it listens. `delay`: plain echoes take a log-normal time. */
  static start(
    port = 0,
    delay?: { readonly medianMs: number; readonly sigma: number },
  ): Promise<ScriptedProcess> {
    const delayArgs = delay === undefined ? [] : [String(delay.medianMs), String(delay.sigma)];
    return ScriptedProcess.#startProgram("scripted_server_program.ts", [String(port), ...delayArgs]);
  }

  /** Starts a bare echo of any path, several times as fast as the load tester. */
  static startFastEcho(): Promise<ScriptedProcess> {
    return ScriptedProcess.#startProgram("fast_echo_program.ts", []);
  }

  static async #startProgram(name: string, args: readonly string[]): Promise<ScriptedProcess> {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-net", fixture(name), ...args],
      stdin: "piped",
      stdout: "piped",
    });
    const child = command.spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await inTime("a scripted server to say its port", reader.read(), START_WITHIN_MS);
    void reader.cancel();
    return new ScriptedProcess(child, Number(value));
  }

  /** For `--targets`. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await inTime("the end of a scripted server", this.#child.status);
  }
}
