/** What is to be measured, as a command line or an experiment names it: servers that run, or servers to start. */
import { parseCount } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { withoutSecrets } from "../without_secrets.ts";

/** What to measure. */
export type Subject =
  /** The nodes on the usual ports of this machine; when there is none and `mayStart`, a cluster of our own. */
  | {
    readonly kind: "running";
    readonly mayStart: boolean;
    readonly instances: number;
    readonly redis: string | undefined;
  }
  /** Comma-separated addresses of running servers. */
  | { readonly kind: "urls"; readonly urls: string }
  /** Nodes of our own, started for this run and ended after it; without Redis on the embedded hub. */
  | { readonly kind: "cluster"; readonly instances: number; readonly redis: string | undefined }
  /** One node of our own, alone, with the backend in its memory. */
  | { readonly kind: "standalone" }
  /** Any program that serves `urls`; started for this run and ended after it. */
  | { readonly kind: "command"; readonly command: string; readonly urls: string };

/**
 * Reads `cluster=4`, `standalone`, `ws://host:port,...`, or a command line, which needs `urls`. Throws
 * {@linkcode UsageError}.
 */
export function parseSubject(
  text: string,
  context: { readonly urls: string | undefined; readonly redis: string | undefined },
): Subject {
  if (text === "standalone") return { kind: "standalone" };
  const [, instances] = /^cluster=(.*)$/.exec(text) ?? [];
  if (instances !== undefined) {
    return { kind: "cluster", instances: parseCount(instances), redis: context.redis };
  }
  if (/^(ws|http)s?:\/\//.test(text)) return { kind: "urls", urls: text };
  if (context.urls === undefined) {
    throw new UsageError(
      `Cannot start "${text}": say with --targets where it will listen, or write cluster=3 or standalone`,
    );
  }
  return { kind: "command", command: text, urls: context.urls };
}

/** The subject in a few words, for titles; without passwords and tokens. */
export function nameOfSubject(subject: Subject): string {
  switch (subject.kind) {
    case "running":
      return "running nodes";
    case "urls":
      return withoutSecrets(subject.urls);
    case "cluster":
      return `cluster=${subject.instances}`;
    case "standalone":
      return "standalone";
    case "command":
      return withoutSecrets(subject.command);
  }
}
