/** A client process of its own that offers a service, so that a test can kill it: `service_process.ts <ws url> <name>`. */
import { Centrifuge } from "centrifuge";
import { serve } from "../client/mod.ts";

const [url = "", name = ""] = Deno.args;
const client = new Centrifuge(url);
const connected = new Promise<string>((resolve) =>
  client.on("connected", (context) => resolve(context.client))
);
client.connect();
const id = await connected;
await serve(client, {
  id: "who",
  functions: {
    name: () => name,
    /** One item, and then nothing. */
    async *drip() {
      yield name;
      await new Promise(() => {});
    },
    /** Never answers. */
    hang: () => {
      console.log("hanging");
      return new Promise(() => {});
    },
  },
});
console.log(`serving as ${id}`);
