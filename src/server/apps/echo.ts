import { defineApp } from "./app.ts";

/** Each message comes back as it is. */
export const echo = defineApp({
  message: (client, message) => client.send(message),
});
