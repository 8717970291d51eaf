/**
 * The transport: HTTP/1.1 and RFC 6455 on TCP.
 *
 * @module
 */
export { TcpTransport } from "./transport.ts";
