/** Whether this machine can hold what is asked: files, ports, memory. Pure; {@linkcode readLimits} looks. */
import { cat } from "./environment.ts";

/** What the machine gives. Undefined where it could not be read. */
export interface MachineLimits {
  /** Files that one process may open. */
  readonly maxFiles: number | undefined;
  /** Ports for outgoing connections. */
  readonly ports: number | undefined;
  /** Sockets that still hold a port after their end. */
  readonly timeWait: number | undefined;
  readonly somaxconn: number | undefined;
  readonly availableBytes: number | undefined;
  readonly cores: number;
}

/** What is asked. */
export interface CapacityDemand {
  readonly connections: number;
  readonly targets: number;
  readonly workers: number;
  /** Local addresses that are named; 0 leaves the choice to the system. */
  readonly sourceIps: number;
  /** Whether the servers run here, too. */
  readonly isLocal: boolean;
  /** Connections that are opened together at most. */
  readonly inFlight: number;
}

/** One resource. */
export interface CapacityFinding {
  readonly resource: "files" | "ports" | "memory" | "accept queue" | "server files";
  readonly need: string;
  readonly have: string;
  readonly isEnough: boolean;
  /** What to do when it is not. */
  readonly next: string;
}

/** Of the files of a process some are for other things. */
const FILE_SHARE = 0.85;
const MEMORY_SHARE = 0.8;
/** Measured here: a connection takes 22 KB in the generator, and about 54 KB with server and kernel; and some reserve. */
const CLIENT_BYTES = 22_000 * 1.3;
const BOTH_BYTES = 54_000 * 1.3;

/** Holds a demand against the limits; resources that could not be read are left out. */
export function checkCapacity(demand: CapacityDemand, limits: MachineLimits): readonly CapacityFinding[] {
  return [
    ...checkFiles(demand, limits),
    ...checkPorts(demand, limits),
    ...checkMemory(demand, limits),
    ...checkBacklog(demand, limits),
  ];
}

function checkFiles(demand: CapacityDemand, { maxFiles }: MachineLimits): readonly CapacityFinding[] {
  if (maxFiles === undefined) return [];
  const usable = Math.floor(maxFiles * FILE_SHARE);
  const perWorker = Math.ceil(demand.connections / demand.workers);
  const workers = Math.ceil(demand.connections / usable);
  const findings: CapacityFinding[] = [{
    resource: "files",
    need: `${perWorker} in each of ${demand.workers} generator processes`,
    have: `${usable} (85% of ${maxFiles})`,
    isEnough: perWorker <= usable,
    next: `take --workers ${workers}, or raise the limit: ulimit -n`,
  }];
  const perServer = Math.ceil(demand.connections / demand.targets);
  if (!demand.isLocal) return findings;
  return [...findings, {
    resource: "server files",
    need: `${perServer} in each of ${demand.targets} servers`,
    have: `${usable} (85% of ${maxFiles}), if they have our limit`,
    isEnough: perServer <= usable,
    next: `spread over ${workers} instances: --start cluster=${workers}, or raise the servers' limit`,
  }];
}

function checkPorts(
  demand: CapacityDemand,
  { ports, timeWait = 0 }: MachineLimits,
): readonly CapacityFinding[] {
  if (ports === undefined) return [];
  if (demand.sourceIps > 0) return [checkNamedAddresses(demand, ports, timeWait)];
  const perTarget = Math.ceil(demand.connections / demand.targets);
  return [{
    resource: "ports",
    need: `${perTarget} to each target`,
    have: `${ports - timeWait} (${ports}, ${timeWait} in TIME_WAIT)`,
    isEnough: perTarget <= ports - timeWait,
    next: "take --source-ips auto (loopback) or name local addresses, or more targets",
  }];
}

/** The system shares a port between targets only as long as it chooses the address, too. */
function checkNamedAddresses(
  { connections, sourceIps }: CapacityDemand,
  ports: number,
  timeWait: number,
): CapacityFinding {
  const usable = ports * sourceIps - timeWait;
  return {
    resource: "ports",
    need: `${connections}, since each has a port of a named address for itself`,
    have: `${usable} (${sourceIps} x ${ports}, ${timeWait} in TIME_WAIT)`,
    isEnough: connections <= usable,
    next: `take ${
      Math.ceil((connections + timeWait) / ports)
    } local addresses (--source-ips auto on loopback)`,
  };
}

function checkMemory(demand: CapacityDemand, { availableBytes }: MachineLimits): readonly CapacityFinding[] {
  if (availableBytes === undefined) return [];
  const need = demand.connections * (demand.isLocal ? BOTH_BYTES : CLIENT_BYTES);
  const usable = availableBytes * MEMORY_SHARE;
  const most = Math.floor(usable / (demand.isLocal ? BOTH_BYTES : CLIENT_BYTES));
  return [{
    resource: "memory",
    need: megabytes(need),
    have: `${megabytes(usable)} (80% of what is available)`,
    isEnough: need <= usable,
    next: `at most ${most} connections fit: lower --clients`,
  }];
}

function checkBacklog(demand: CapacityDemand, { somaxconn }: MachineLimits): readonly CapacityFinding[] {
  if (somaxconn === undefined) return [];
  const perTarget = Math.ceil(demand.inFlight / demand.targets);
  return [{
    resource: "accept queue",
    need: `${perTarget} connects under way per target`,
    have: `${somaxconn} (net.core.somaxconn)`,
    isEnough: perTarget <= somaxconn,
    next: "take a smaller --batch or fewer --max-batches",
  }];
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576).toLocaleString("en-US")} MB`;
}

/** Reads the limits of this process and machine. */
export async function readLimits(): Promise<MachineLimits> {
  const [limits, range, sockets, backlog, memory] = await Promise.all([
    cat("/proc/self/limits"),
    cat("/proc/sys/net/ipv4/ip_local_port_range"),
    cat("/proc/net/sockstat"),
    cat("/proc/sys/net/core/somaxconn"),
    cat("/proc/meminfo"),
  ]);
  const [from, to] = (range ?? "").trim().split(/\s+/).map(Number);
  const kilobytes = numberIn(memory, /^MemAvailable:\s+(\d+)/m);
  return {
    maxFiles: numberIn(limits, /^Max open files\s+(\d+)/m),
    ports: from === undefined || to === undefined || Number.isNaN(to) ? undefined : to - from + 1,
    timeWait: numberIn(sockets, /^TCP:.* tw (\d+)/m),
    somaxconn: numberIn(backlog, /(\d+)/),
    availableBytes: kilobytes === undefined ? undefined : kilobytes * 1_024,
    cores: navigator.hardwareConcurrency,
  };
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
}
