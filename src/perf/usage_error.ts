/** A command line that cannot be obeyed; the command ends with code 2 and shows the message as it is. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
