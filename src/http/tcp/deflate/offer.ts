/** What a client offers under Sec-WebSocket-Extensions, and what of it is taken (RFC 7692). Pure. */

/** Whether messages to one client refer to earlier ones. */
export type CompressionMode = "shared" | "connection";

/** Window of both modes, as a power of two: what is sent is short, and memory is for each connection. */
export const WINDOW_BITS = 12;

/** No header of a real client is longer. */
const MAX_HEADER_CHARS = 1_024;
const SMALLEST_BITS = 8;
const LARGEST_BITS = 15;

/** The header that accepts the first offer that can be kept, or undefined when there is none. */
export function acceptOffer(header: string | null, mode: CompressionMode): string | undefined {
  if (header === null || header.length > MAX_HEADER_CHARS) return undefined;
  for (const offer of header.split(",")) {
    const [name = "", ...parameters] = offer.split(";").map((part) => part.trim());
    const answer = name === "permessage-deflate" ? answerTo(parameters, mode) : undefined;
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function answerTo(parameters: readonly string[], mode: CompressionMode): string | undefined {
  const seen = new Map<string, string | undefined>();
  for (const parameter of parameters) {
    const [name = "", value] = parameter.split("=").map((part) => part.trim());
    if (seen.has(name) || !isSound(name, unquoted(value))) return undefined;
    seen.set(name, unquoted(value));
  }
  const serverBits = seen.get("server_max_window_bits");
  if (serverBits !== undefined && Number(serverBits) < WINDOW_BITS) return undefined;
  // A window of what each client said would be kept for the little that clients say.
  const words = ["permessage-deflate", "client_no_context_takeover"];
  if (mode === "shared" || seen.has("server_no_context_takeover")) words.push("server_no_context_takeover");
  if (serverBits !== undefined) words.push(`server_max_window_bits=${WINDOW_BITS}`);
  return words.join("; ");
}

function isSound(name: string, value: string | undefined): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === undefined;
    case "client_max_window_bits":
      return value === undefined || isBits(value);
    case "server_max_window_bits":
      return value !== undefined && isBits(value);
    default:
      return false;
  }
}

function isBits(value: string): boolean {
  return /^[1-9]\d?$/.test(value) && Number(value) >= SMALLEST_BITS && Number(value) <= LARGEST_BITS;
}

function unquoted(value: string | undefined): string | undefined {
  return value?.replace(/^"(.*)"$/, "$1");
}
