/** Takes secrets out of what is written down. */

/** Anything shorter would mask half of a log, and is no secret. */
const MIN_SECRET_LENGTH = 4;
const MASK = "***";
/** A JSON Web Token: three parts, the first two of which are JSON in base64url. */
const TOKEN = /\beyJ[\w-]{4,}\.eyJ[\w-]{4,}\.[\w-]*/g;
/** User and password of any URL. */
const CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*:[^\s/@"']*@/gi;

/** Makes a function that masks `secrets`, tokens and passwords in URLs, in plain text and in JSON. */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const forms = [...new Set(secrets.flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
  return (line) => {
    let text = line;
    for (const form of forms) if (text.includes(form)) text = text.replaceAll(form, MASK);
    return text.replace(TOKEN, MASK).replace(CREDENTIALS, `$1${MASK}@`);
  };
}

/** A secret as it may stand in a line: as it is, as JSON writes it, as a URL does. */
function formsOf(secret: string): readonly string[] {
  if (secret.length < MIN_SECRET_LENGTH) return [];
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}
