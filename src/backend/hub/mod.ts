/** The embedded hub: the memory backend of one process, served to nodes on the same machine. */
export { hubBackend, type HubBackendOptions } from "./hub_backend.ts";
export { type HubOptions, type HubServer, serveHub } from "./hub_server.ts";
