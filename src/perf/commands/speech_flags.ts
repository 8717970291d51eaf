/** Reads what is spoken on the connections: Shoal's protocol, plain text by a template, or HTTP. */
import type { ReplyRule, Speech } from "../scenario/scenario.ts";
import { UsageError } from "../usage_error.ts";

/** The options that decide. */
export interface SpeechFlags {
  readonly targets?: string;
  readonly speech?: "shoal" | "plain" | "http";
  readonly message?: string;
  readonly reply?: string;
  readonly hello?: readonly string[];
  readonly method?: string;
  readonly body?: string;
}

const DEFAULT_MESSAGE = "{{id}} {{payload}}";

/** What is spoken; undefined when the options do not say, so that the scenario decides. Throws UsageError. */
export function speechOf(flags: SpeechFlags): Speech | undefined {
  switch (flags.speech ?? guess(flags)) {
    case undefined:
      return undefined;
    case "shoal":
      return { kind: "shoal" };
    case "http":
      return {
        kind: "http",
        method: flags.method ?? (flags.body === undefined ? "GET" : "POST"),
        body: flags.body,
      };
    case "plain":
      return plainSpeech(flags);
  }
}

/** A path other than the client protocol's says that somebody else listens there. */
function guess(flags: SpeechFlags): SpeechFlags["speech"] {
  if (flags.message !== undefined || flags.reply !== undefined || flags.hello !== undefined) return "plain";
  if (flags.method !== undefined || flags.body !== undefined) return "http";
  const first = flags.targets?.split(",")[0]?.trim() ?? "";
  if (!URL.canParse(first)) return undefined;
  const { protocol, pathname } = new URL(first);
  if (pathname === "/" || pathname.endsWith("/connection/websocket")) return undefined;
  return protocol.startsWith("http") ? "http" : "plain";
}

function plainSpeech(flags: SpeechFlags): Speech {
  const message = flags.message ?? DEFAULT_MESSAGE;
  return { kind: "plain", message, reply: replyOf(flags.reply, message), hello: flags.hello ?? [] };
}

function replyOf(text: string | undefined, message: string): ReplyRule {
  if (text === undefined) return { kind: message.includes("{{id}}") ? "echo" : "order" };
  if (text === "order") return { kind: "order" };
  if (text === "echo") {
    if (message.includes("{{id}}")) return { kind: "echo" };
    throw new UsageError(
      `--reply echo needs {{id}} in --message, which is "${message}"; or take --reply order`,
    );
  }
  const [, expression] = /^\/(.+)\/$/.exec(text) ?? [];
  if (expression === undefined || !isExpression(expression) || !message.includes("{{id}}")) {
    throw new UsageError(
      `Cannot read --reply "${text}": write echo, order, or /expression/ with {{id}} in --message`,
    );
  }
  return { kind: "match", expression };
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(`${text}|`).exec("")?.length === 2;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
