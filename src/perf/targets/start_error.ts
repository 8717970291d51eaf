/** A server did not come up. */
export class StartError extends Error {
  override readonly name = "StartError";
}
