/** The text of an nginx configuration, made from the templates of deploy/nginx/template/. Pure. */
import { nginxDefaults, type NginxOptions } from "./options.ts";
import { fillTemplate } from "./template.ts";

/** Texts of the templates, each by the name of its file without `.conf`. */
export interface NginxTemplates {
  readonly main: string;
  readonly sticky_cookie: string;
  readonly sticky_token: string;
  readonly tls: string;
  readonly tls_server: string;
  readonly redirect: string;
  readonly other_names: string;
}

/** Two missed pings and some patience: then a connection to a node counts as lost. */
const SILENT_PINGS = 2.4;
const BURST_SECONDS = 10;
const HTTPS_PORT = 443;
const TEMP_PATHS = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** Writes a whole nginx.conf. `options` are without faults (`nginxFaults`). */
export function nginxConfig(templates: NginxTemplates, options: NginxOptions): string {
  const { runDir, tls, sticky } = options;
  const listen = `${listenHost(options.host)}${options.port}${tls === undefined ? "" : " ssl"}`;
  const pingS = options.pingIntervalMs / 1_000;
  return fillTemplate(templates.main, {
    head: `Made by \`${commandLine(options)}\`.`,
    placement: placement(runDir),
    temp_paths: runDir === undefined ? "" : tempPaths(runDir),
    access_log: accessLog(options),
    requests_per_address: options.requestsPerAddress,
    burst: options.requestsPerAddress * BURST_SECONDS,
    connections_per_address: options.connectionsPerAddress,
    sticky: stickyMaps(templates, options),
    balance: `    ${sticky === "ip_hash" ? "ip_hash" : "hash $shoal_sticky consistent"};`,
    servers: servers(options),
    other_servers: otherServers(templates, options, listen),
    listen,
    server_name: options.serverName ?? "_",
    tls: tls === undefined ? "" : templates.tls,
    tls_server: tls === undefined ? "" : fillTemplate(templates.tls_server, tls),
    max_body_bytes: options.maxBodyBytes,
    body_buffer: options.isSupervised ? `    client_body_buffer_size ${options.maxBodyBytes};` : "",
    server_headers: sticky === "cookie" ? "    add_header Set-Cookie $shoal_set_cookie always;" : "",
    ping_s: pingS,
    silent_s: Math.ceil(pingS * SILENT_PINGS),
  });
}

/** The command that makes the same text, but for what comes from the nodes' configuration. */
function commandLine(options: NginxOptions): string {
  const { tls, redirectPort, publicPort, serverName, runDir, upstreamFile } = options;
  const nodes = upstreamFile === undefined
    ? `--instances ${options.instances} --first-port ${options.firstPort}`
    : `--upstream-file ${upstreamFile}`;
  const words = [
    `deno task nginx ${nodes} --port ${options.port} --sticky ${options.sticky}`,
    serverName === undefined ? "" : `--server-name "${serverName}"`,
    tls === undefined ? "" : `--tls ${tls.certificate} ${tls.key}`,
    redirectPort === undefined ? "" : `--redirect-port ${redirectPort}`,
    limitWord(
      "--connections-per-address",
      options.connectionsPerAddress,
      nginxDefaults.connectionsPerAddress,
    ),
    limitWord("--requests-per-address", options.requestsPerAddress, nginxDefaults.requestsPerAddress),
    publicPort === undefined ? "" : `--public-port ${publicPort}`,
    runDir === undefined ? "" : `--run-dir ${runDir}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

function limitWord(flag: string, value: number, initial: number): string {
  return value === initial ? "" : `${flag} ${value}`;
}

function placement(runDir: string | undefined): string {
  if (runDir === undefined) return "pid /run/nginx.pid;\nerror_log /var/log/nginx/error.log warn;";
  return `daemon off;\npid ${runDir}/nginx.pid;\nerror_log /dev/stderr warn;`;
}

function listenHost(host: string | undefined): string {
  if (host === undefined) return "";
  return host.includes(":") ? `[${host}]:` : `${host}:`;
}

function accessLog({ runDir, isSupervised }: NginxOptions): string {
  if (isSupervised) return "off";
  return `${runDir === undefined ? "/var/log/nginx/access.log" : "/dev/stdout"} shoal`;
}

function tempPaths(runDir: string): string {
  return TEMP_PATHS.map((name) => `  ${name}_temp_path ${runDir}/${name};`).join("\n") + "\n\n";
}

function stickyMaps(templates: NginxTemplates, { sticky, tls }: NginxOptions): string {
  if (sticky === "ip_hash") return "";
  if (sticky === "token") return templates.sticky_token;
  return fillTemplate(templates.sticky_cookie, { secure: tls === undefined ? "" : "; Secure" });
}

function servers({ instances, firstPort, upstreamFile }: NginxOptions): string {
  if (upstreamFile !== undefined) return `    include ${upstreamFile};`;
  const ports = Array.from({ length: instances }, (_, index) => firstPort + index);
  return ports.map((port) => `    ${serverLine(`127.0.0.1:${port}`)}`).join("\n");
}

/**
 * The line of one node at `address` in an upstream. Weight 4 puts 640 points on the hash ring rather than 160: with
 * those, some sets of twelve nodes would exceed shares of 1 to 1.5. Nodes are not marked as failed: nginx takes a mark
 * back when a request ends well, a WebSocket ends hours later, and a rolling restart would find every node marked.
 */
export function serverLine(address: string): string {
  return `server ${address} weight=4 max_fails=0;`;
}

function otherServers(templates: NginxTemplates, options: NginxOptions, listen: string): string {
  const { serverName, redirectPort, publicPort = options.port, tls } = options;
  const others = serverName === undefined ? "" : fillTemplate(templates.other_names, {
    listen,
    refuse: `    ${tls === undefined ? "return 444" : "ssl_reject_handshake on"};`,
  });
  if (redirectPort === undefined) return others;
  return others + fillTemplate(templates.redirect, {
    redirect_listen: redirectPort,
    redirect_port: publicPort === HTTPS_PORT ? "" : `:${publicPort}`,
  });
}
