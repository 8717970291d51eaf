/**
 * The client protocol for networks that break WebSocket.
 *
 * @module
 */
export { EmulatedSocket } from "./emulated_socket.ts";
export { type EmulatedClient, Emulation } from "./emulation.ts";
