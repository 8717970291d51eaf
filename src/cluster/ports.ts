/** Finds out, before anything is started, which ports cannot be had, and says so. */

import { stopCommand } from "./words.ts";

/** A port the cluster wants, and what for. */
export interface WantedPort {
  readonly port: number;
  /** As in `node 2 of 3`. */
  readonly purpose: string;
}

/** Why a port cannot be had. */
export interface PortFault extends WantedPort {
  readonly why: "taken" | "forbidden" | "noAddress";
}

/** A cluster of this folder that already runs. */
export interface RunningCluster {
  readonly port: number;
  readonly pid: number;
}

/** All ports of a cluster, in the order in which faults are told. */
export function wantedPorts(nodePorts: readonly number[], sharedPort: number): readonly WantedPort[] {
  const nodes = nodePorts.map((port, i) => ({ port, purpose: `node ${i + 1} of ${nodePorts.length}` }));
  return sharedPort === 0 ? nodes : [...nodes, { port: sharedPort, purpose: "shared port" }];
}

/**
 * Binds each port once and lets go of it. Without `reusePort`: with it, a foreign listener that also has it would not
 * be seen, and the kernel would give it a share of our connections.
 */
export function findPortFaults(host: string, wanted: readonly WantedPort[]): readonly PortFault[] {
  return wanted.flatMap((want) => {
    const why = tryPort(host, want.port);
    return why === undefined ? [] : [{ ...want, why }];
  });
}

/** True when nobody listens on the port. */
export function isPortFree(host: string, port: number): boolean {
  return tryPort(host, port) !== "taken";
}

function tryPort(host: string, port: number): PortFault["why"] | undefined {
  try {
    Deno.listen({ hostname: host, port }).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return "taken";
    if (error instanceof Deno.errors.PermissionDenied) return "forbidden";
    return "noAddress";
  }
}

/** Free ports of `host`, all different. Another process may be quicker: for tests only. */
export function pickFreePorts(host: string, count: number): readonly number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: host, port: 0 }));
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** What decides which ports further nodes get. */
export interface PortPlan {
  readonly host: string;
  /** 0 where free ports were picked for the first nodes too. */
  readonly port: number;
  readonly sharedPort: number;
}

/** `count` ports for further nodes, after `last`; or why they cannot be had, in words for people. */
export function morePorts(plan: PortPlan, last: number, count: number): readonly number[] | string {
  const { host, port, sharedPort } = plan;
  if (port === 0) return pickFreePorts(host, count);
  const ports = Array.from({ length: count }, (_, i) => last + 1 + i);
  if (last + count > 65_535) return `Cannot place ${count} more nodes after port ${last}: ports end at 65535`;
  if (ports.includes(sharedPort)) {
    return `Cannot place ${count} more nodes after port ${last}: ${sharedPort} is the shared port`;
  }
  const [fault] = findPortFaults(host, ports.map((each) => ({ port: each, purpose: "a further node" })));
  return fault === undefined ? ports : faultLine(host, fault);
}

/** The message for people: each fault, then what to do. */
export function portMessage(host: string, faults: readonly PortFault[], running?: RunningCluster): string {
  const lines = faults.map((fault) => faultLine(host, fault));
  const isTaken = faults.some((fault) => fault.why === "taken");
  if (running !== undefined && isTaken) {
    lines.push(
      `A cluster of this folder runs on port ${running.port} (pid ${running.pid}): ` +
        `end it with \`${stopCommand(running.port)}\`.`,
    );
  } else if (isTaken) {
    lines.push(
      "If that is a cluster of yours, run `deno task cluster stop` in the folder it was started in.",
    );
  }
  if (faults.some((fault) => fault.why !== "noAddress")) {
    lines.push(
      "Or choose other ports: --port N for the nodes, --shared-port N (0 for none) for the shared one.",
    );
  }
  return lines.join("\n");
}

function faultLine(host: string, { port, purpose, why }: PortFault): string {
  const start = `Cannot listen on ${host} port ${port} (${purpose}):`;
  switch (why) {
    case "taken":
      return `${start} another program has it.`;
    case "forbidden":
      return `${start} the system does not allow it; ports below 1024 need special rights.`;
    case "noAddress":
      return `${start} this machine has no such address. Give another with --host.`;
  }
}
