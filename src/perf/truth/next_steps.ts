/** What to do about each class of error: a report that names a fault names the way on. */
import type { ErrorClass } from "./error_classes.ts";

const STEPS: Readonly<Record<ErrorClass, string>> = {
  dns: "check the host's name in --targets",
  refused: "nothing listens there: start the server, or check host and port in --targets",
  reset: "the server cut the connection: see its log, and its limit of connections",
  connect_timeout:
    "a firewall drops packets, or the accept queue is full: smaller --batch, longer --connect-timeout",
  upgrade_status_4xx: "the server refuses this path or this caller: check path and token in --targets",
  upgrade_status_5xx: "the server or its balancer is unwell: see their logs",
  upgrade_invalid: "this is no WebSocket server: check scheme and path, or measure it with an http:// target",
  tls: "check scheme (ws or wss) and certificate; a private authority goes into DENO_CERT",
  fd_limit: "raise the limit of open files (ulimit -n), or take more --workers",
  port_limit:
    "no local ports are left, or --source-ips is no address of this machine: take more --source-ips or targets",
  server_close_1000: "the server ended the connection in order: see its log for why",
  server_close_1001: "the server is going away: it was stopped or drains",
  server_close_1006: "the connection vanished: the server died, or a balancer cut it",
  server_close_1009: "the message was too big for the server: smaller --payload",
  server_close_1011: "the server hit an internal error: see its log",
  server_close_1012: "the server restarts: wait and run again",
  server_close_1013: "the server is overloaded or full: fewer --clients",
  server_close_other: "see the server's table of close codes",
  idle_timeout: "the server closes silent connections: raise --rate, or the server's idle timeout",
  reply_timeout: "no answer came in time: lower --rate, or see the server's log",
  reply_error: "the server refused the command: see its text, and the server's permissions",
  http_status: "the server answered with an error status: see its log",
  send_on_closed: "the connection was gone when its message was due: see the close codes above",
  buffer_overflow: "the server does not read fast enough: lower --rate or --payload",
  bad_payload: "the answer is not what was sent: check --message and --reply",
  lost:
    "messages were accepted and never delivered: this is a fault of the server, or of its slow-client policy",
  duplicate: "messages came more than once: this is a fault of the server",
  reordered: "messages overtook each other: this is a fault of the server",
  throttled: "memory was short: fewer --clients",
  internal: "this is a fault of the load tester or of this machine: please report it",
};

/** One line that says what to do about `errorClass`. */
export function nextStep(errorClass: ErrorClass): string {
  return STEPS[errorClass];
}
