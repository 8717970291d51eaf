/** A listener that is lost because descriptors ran out is opened again. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { until } from "../src/testing/waiting.ts";
import { requestHead, statusOf, transports } from "./http_kit.ts";

const PROGRAM = fileURLToPath(new URL("./http_reopen_program.ts", import.meta.url));
const DESCRIPTORS = 80;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function collect(stream: ReadableStream<Uint8Array>, into: { text: string }): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) into.text += decoder.decode(chunk, { stream: true });
}

/** Takes all descriptors of the server at `port`, waits, and gives them back. */
async function exhaust(port: number): Promise<void> {
  const connections: Deno.Conn[] = [];
  for (let i = 0; i < DESCRIPTORS * 2; i++) {
    const connection = await Deno.connect({ port }).catch(() => undefined);
    if (connection !== undefined) connections.push(connection);
  }
  await new Promise((resolve) => setTimeout(resolve, 800));
  for (const connection of connections) connection.close();
}

/** Where a successor may listen too, a loss shows only after several questions. */
const cases = [
  ...transports.map((transport) => ({ transport, own: "alone", withinMs: 1_000 })),
  { transport: "tcp", own: "overlap", withinMs: 3_000 },
];

for (const { transport, own, withinMs } of cases) {
  for (const which of ["own", "shared"]) {
    Deno.test(`${transport}, ${own}, opens its listeners again within ${withinMs} ms after the ${which} port ran out of descriptors`, async () => {
      const sharedPort = freePort();
      const child = new Deno.Command("sh", {
        args: ["-c", `ulimit -n ${DESCRIPTORS}; exec "$@"`, "sh", Deno.execPath(), "run", "--no-lock", "-A"]
          .concat(PROGRAM, transport, String(sharedPort), own),
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const output = { text: "" };
      const reading = collect(child.stdout, output);
      try {
        await until("the server", () => output.text.includes("\n"), 20_000);
        const { port } = JSON.parse(output.text);
        await exhaust(which === "own" ? port : sharedPort);
        await new Promise((resolve) => setTimeout(resolve, withinMs));
        const head = requestHead("GET", "/health", { Host: "localhost" });
        assert.equal(await statusOf(port, head), 200);
        assert.equal(await statusOf(sharedPort, head), 200);
        assert.match(output.text, /"reopened":[12]\b/);
      } finally {
        child.kill("SIGKILL");
        await Promise.all([child.status, reading]);
      }
    });
  }
}
