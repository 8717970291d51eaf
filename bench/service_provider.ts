/** One provider of `service_calls.ts`: `service_provider.ts <ws url>`. */
import { Centrifuge } from "centrifuge";
import { serve } from "../src/client/mod.ts";
import { PromptSocket } from "./prompt_socket.ts";

const client = new Centrifuge(Deno.args[0] ?? "", { websocket: PromptSocket });
client.connect();
await client.ready(10_000);
await serve(client, {
  id: "bench",
  concurrency: 65_536,
  functions: {
    add: (x: number, y: number) => x + y,
    async *count(to: number) {
      for (let i = 0; i < to; i++) yield i;
    },
  },
});
console.log("serving");
