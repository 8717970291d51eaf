/** How a command reaches a running supervisor. */
import type { ControlAddress } from "./control_file.ts";
import { type ControlCommand, MAX_ANSWER_CHARS, parseGreeting, sendLine } from "./control_protocol.ts";
import { readLines } from "./lines.ts";

const GREETING_WITHIN_MS = 2_000;

/** An open line to a supervisor. */
export interface ControlLine extends Disposable {
  /** Process id of the supervisor. */
  readonly pid: number;
  send(request: { readonly command: ControlCommand; readonly count?: number }): Promise<void>;
  /** What it says, until it hangs up. */
  readonly answers: AsyncGenerator<string, void>;
}

/**
 * Connects to the supervisor of `address`. Undefined when nobody listens there, or a stranger who got the port after
 * the supervisor's death: the file is stale then, and the secret has not been told.
 */
export async function connectControl(address: ControlAddress): Promise<ControlLine | undefined> {
  const connection = await dial(address.controlPort);
  if (connection === undefined) return undefined;
  const answers = readLines(connection.readable, { maxChars: MAX_ANSWER_CHARS, tooLong: "fail" });
  const greeting = await firstLine(answers, connection);
  const pid = greeting === undefined ? undefined : parseGreeting(greeting)?.pid;
  if (pid === undefined || pid !== address.pid) {
    close(connection);
    return undefined;
  }
  return {
    pid,
    answers,
    send: (request) => sendLine(connection, { ...request, secret: address.secret }),
    [Symbol.dispose]: () => close(connection),
  };
}

async function dial(port: number): Promise<Deno.Conn | undefined> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}

/** Undefined when nothing comes within 2 s, or too much. */
async function firstLine(
  answers: AsyncGenerator<string, void>,
  connection: Deno.Conn,
): Promise<string | undefined> {
  const deadline = setTimeout(() => close(connection), GREETING_WITHIN_MS);
  try {
    const { value } = await answers.next();
    return value ?? undefined;
  } catch {
    // Whatever a stranger does, it is no supervisor.
    return undefined;
  } finally {
    clearTimeout(deadline);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    // Closed already, by its deadline or with its stream.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
