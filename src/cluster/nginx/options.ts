/** By what nginx sends a client back to the node that it had. */
export type StickyMode = "cookie" | "token" | "ip_hash";

/** What is put in front of a cluster. */
export interface NginxOptions {
  /** Nodes on this machine, on `firstPort` and the ports after it. */
  readonly instances: number;
  readonly firstPort: number;
  /** Address to listen on, without brackets; every address without it. */
  readonly host?: string;
  /** Port that clients reach. */
  readonly port: number;
  readonly sticky: StickyMode;
  /** Names that are served; without one, all. */
  readonly serverName?: string;
  /** Paths of the certificate, with its chain, and of its key. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Port on which plain HTTP is sent on to `port`; with TLS only. */
  readonly redirectPort?: number;
  /** Port that clients name in place of `port`, where something maps it; with `redirectPort` only. */
  readonly publicPort?: number;
  /** Runs in the foreground without rights: logs to stdout and stderr, everything else in this folder. */
  readonly runDir?: string;
  /** A supervisor that people watch keeps it running: no line for each request, and bodies stay in memory, since the
   * workers may not enter `runDir`. With `runDir` only. */
  readonly isSupervised?: boolean;
  /** File that lists the `server` lines in place of `instances` and `firstPort`. */
  readonly upstreamFile?: string;
  /** Connections of one client address at a time. */
  readonly connectionsPerAddress: number;
  /** Requests of one client address a second, upgrades included; ten times as many may come at once. */
  readonly requestsPerAddress: number;
  /** How often nodes ping their clients, milliseconds. */
  readonly pingIntervalMs: number;
  /** Largest body that a node takes, bytes. */
  readonly maxBodyBytes: number;
}

/** What nginx takes from the configuration of the nodes. */
export type FrontSettings = Pick<NginxOptions, "pingIntervalMs" | "maxBodyBytes">;

/** What a person who names none of it gets. */
export const nginxDefaults = {
  instances: 3,
  port: 8000,
  tlsPort: 443,
  sticky: "cookie",
  // An office behind one address may have hundreds of clients.
  connectionsPerAddress: 1_000,
  requestsPerAddress: 100,
} as const;

const MAX_INSTANCES = 1_000;
const MAX_PORT = 65_535;
const MAX_LIMIT = 1_000_000;
const SERVER_NAME = /^[A-Za-z0-9*._-]{1,253}$/;
const HOST = /^[A-Za-z0-9.:-]{1,253}$/;
/** Nothing that would end an nginx word and begin another directive. */
const PATH = /^[A-Za-z0-9._~/@+:,=-]{1,4096}$/;

/** Lists everything that is wrong with `options`, each with what is wanted; empty when nothing is. */
export function nginxFaults(options: NginxOptions): readonly string[] {
  const { instances, firstPort, port, redirectPort, publicPort, tls } = options;
  const last = firstPort + instances - 1;
  const faults = [
    ...rangeFaults("--instances", instances, MAX_INSTANCES),
    ...rangeFaults("--first-port", firstPort, MAX_PORT),
    ...rangeFaults("--port", port, MAX_PORT),
    ...rangeFaults("--connections-per-address", options.connectionsPerAddress, MAX_LIMIT),
    ...rangeFaults("--requests-per-address", options.requestsPerAddress, MAX_LIMIT),
    ...(redirectPort === undefined ? [] : rangeFaults("--redirect-port", redirectPort, MAX_PORT)),
    ...(publicPort === undefined ? [] : rangeFaults("--public-port", publicPort, MAX_PORT)),
    ...wordFaults(options),
  ];
  if (faults.length > 0) return faults;
  if (options.upstreamFile === undefined) {
    if (last > MAX_PORT) faults.push(`Cannot place ${instances} nodes from --first-port ${firstPort} on`);
    if (port >= firstPort && port <= last) {
      faults.push(`Cannot take --port ${port}: a node has it (${firstPort} to ${last})`);
    }
  }
  if (redirectPort !== undefined && tls === undefined) {
    faults.push("Cannot take --redirect-port: it leads to TLS, give --tls CERTIFICATE KEY too");
  }
  if (redirectPort === port) faults.push(`Cannot take --redirect-port ${port}: --port has it`);
  return faults;
}

function rangeFaults(flag: string, value: number, max: number): string[] {
  if (Number.isInteger(value) && value >= 1 && value <= max) return [];
  return [`Cannot take ${flag} ${value}: want a whole number from 1 to ${max}`];
}

function wordFaults({ serverName, tls, runDir, upstreamFile, host }: NginxOptions): readonly string[] {
  const paths = [["--tls", tls?.certificate], ["--tls", tls?.key], ["--run-dir", runDir], [
    "--upstream-file",
    upstreamFile,
  ]];
  const faults = paths.filter(([, path]) => path !== undefined && !PATH.test(path)).map(([flag, path]) =>
    `Cannot take ${flag} ${JSON.stringify(path)}: want a path of letters, digits and ._~/@+:,=-`
  );
  if (host !== undefined && !HOST.test(host)) {
    faults.push(`Cannot take --host ${JSON.stringify(host)}: want an address or a host name`);
  }
  if (serverName !== undefined && !serverName.split(" ").every((name) => SERVER_NAME.test(name))) {
    faults.push(`Cannot take --server-name ${JSON.stringify(serverName)}: want host names`);
  }
  return faults;
}
