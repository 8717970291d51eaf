/** Bodies of requests: read within bounds, and taken as JSON. */

/** A fault that the caller can mend; `status` is that of the answer. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BODY_BYTES = 64 * 1024;
const BODY_WITHIN_MS = 5_000;

/** The JSON object in the body, or an empty one. Throws {@linkcode Refusal}. */
export async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const text = await textOf(request);
  const value = text === "" ? {} : parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "Cannot read the body: want a JSON object");
  }
  return { ...value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `Cannot read the body as JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads no further than the limit, and no longer than the deadline. */
async function textOf({ body }: Request): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel();
  }, BODY_WITHIN_MS);
  const text = await textFrom(reader).finally(() => clearTimeout(timer));
  // A cancelled stream looks like one that ended.
  if (isLate) throw new Refusal(408, `Cannot read the body: want all of it within ${BODY_WITHIN_MS} ms`);
  return text;
}

async function textFrom(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new Refusal(413, `Cannot read the body: want at most ${MAX_BODY_BYTES} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}
