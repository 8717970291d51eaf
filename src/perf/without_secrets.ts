/** Keeps passwords and tokens out of what is written. */

/** Reports are passed around: a password or token in a URL must not be. */
export function withoutSecrets(arg: string): string {
  return arg.replaceAll(/\/\/[^/@\s,]*@/g, "//***@").replaceAll(
    /([?&][^=&,]*(?:token|key)[^=&,]*=)[^&,]*/gi,
    "$1***",
  );
}
