/** A whole HTTP answer as plain data, so that every transport can give it without building a Response first. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// One header only and one object for all: an answer to a probe is made a hundred thousand times a second.
const JSON_HEADERS = { "content-type": "application/json" };

/** An answer of JSON. `headers` come on top of the content type. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(value),
  };
}

/** The one shape of an HTTP error: `{error: {code, message}}`; the code is the HTTP status. */
export function errorAnswer(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return jsonAnswer(status, { error: { code: status, message } }, headers);
}

/** A client may try again after a second. */
export const RETRY_SOON: Readonly<Record<string, string>> = { "retry-after": "1" };

/** 503 with `Retry-After`: another node, or a later moment, will do. */
export function unavailableAnswer(message: string): Answer {
  return errorAnswer(503, message, RETRY_SOON);
}

/** Bodies of responses that are known whole: to read them back out of their streams would take longer than all else. */
const texts = new WeakMap<Response, string>();

/** The answer as a web Response. */
export function toResponse(answer: Answer): Response {
  const response = new Response(answer.body, { status: answer.status, headers: answer.headers });
  texts.set(response, answer.body);
  return response;
}

/** The body of a response that {@linkcode toResponse} made; undefined for any other. */
export function textOf(response: Response): string | undefined {
  return texts.get(response);
}
