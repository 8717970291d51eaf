import { WORKSPACE_ID } from "../protocol/channel_name.ts";

/** First segments of routes; no workspace has such a name. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set([
  "admin",
  "api",
  "apps",
  "connection",
  "emulation",
  "health",
  "metrics",
  "stats",
]);

/** Where a WebSocket belongs. */
export type SocketRoute =
  | { readonly kind: "client"; readonly workspace: string | undefined }
  | { readonly kind: "app"; readonly app: string };

/** Reads `/connection/websocket`, `/{workspace}/connection/websocket` and `/apps/{name}`. */
export function routeSocket(path: string): SocketRoute | undefined {
  if (path === "/connection/websocket") return { kind: "client", workspace: undefined };
  const [empty, first = "", second, third, ...rest] = path.split("/");
  if (empty !== "" || rest.length > 0) return undefined;
  if (first === "apps" && second && third === undefined) return { kind: "app", app: second };
  const isWorkspace = WORKSPACE_ID.test(first) && !RESERVED_SEGMENTS.has(first);
  if (isWorkspace && second === "connection" && third === "websocket") {
    return { kind: "client", workspace: first };
  }
  return undefined;
}
