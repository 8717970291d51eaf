/**
 * Services over the official SDK (`npm:centrifuge`): offer functions with {@linkcode serve}, call those of others with
 * {@linkcode service} and {@linkcode streams}.
 *
 * ```ts
 * import { Centrifuge } from "centrifuge";
 * import { serve, service, streams } from "@shoal/shoal/client";
 *
 * const client = new Centrifuge("ws://127.0.0.1:8000/connection/websocket");
 * client.connect();
 * await serve(client, { id: "math", functions: { add: (a: number, b: number) => a + b } });
 * const sum = await service(client, "math").add(1, 2);
 * ```
 *
 * @module
 */
export type { IncomingCall, ServiceCaller } from "./incoming_call.ts";
export {
  serve,
  type ServedService,
  type ServeOptions,
  type ServiceFunction,
  type ServiceFunctionOptions,
} from "./serve.ts";
export { type CallOptions, type RemoteService, type RemoteStreams, service, streams } from "./service.ts";
export { ServiceError } from "./service_error.ts";
