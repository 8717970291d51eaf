/** The version of this code; a test holds it to `deno.json`. */
export const VERSION = "0.1.0";
