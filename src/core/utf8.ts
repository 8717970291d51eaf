// deno-lint-ignore no-control-regex -- the range of ASCII includes its control characters
const NON_ASCII = /[^\x00-\x7f]/;
const encoder = new TextEncoder();

/** Length of `text` in UTF-8 bytes. ASCII, the usual case, costs one scan and no copy. */
export function utf8Length(text: string): number {
  return NON_ASCII.test(text) ? encoder.encode(text).length : text.length;
}

/** UTF-8 bytes of `text`. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}
