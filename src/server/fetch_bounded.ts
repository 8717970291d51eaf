/** Asks an HTTP server of the team: within a deadline, to the address given and no other, for a bounded answer. */

/** What is sent. */
export interface BoundedRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** A longer answer is an error, whatever it says. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** What came back. */
export interface BoundedAnswer {
  readonly status: number;
  readonly text: string;
}

/** A redirect would take secrets to wherever the answer says. */
const REDIRECT = "manual";

/**
 * Sends one request and reads its answer. Rejects with an `Error` for people when there is none in time, when it is too
 * long or when it is a redirect; the status is for the caller to judge. Safe to call concurrently.
 */
export async function fetchBounded(request: BoundedRequest): Promise<BoundedAnswer> {
  const { url, method, headers, body, timeoutMs, maxBytes } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  const response = await fetch(url, {
    method,
    redirect: REDIRECT,
    signal,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new Error(`it answers with a redirect (${response.status}), which is not followed`);
  }
  return { status: response.status, text: await textOf(response, maxBytes) };
}

async function textOf({ body }: Response, maxBytes: number): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let text = "";
  // Leaving the loop cancels the rest of the answer.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
