/**
 * The client protocol for networks that break WebSocket.
 *
 * @module
 */
export { type EmulatedClient, Emulation } from "./emulation.ts";
