/**
 * Hands each error and each rejection that nobody caught to `act`, where the runtime would end the process at once and
 * cut off every client. Call it once for a process.
 */
export function onUncaught(act: (error: unknown) => void): void {
  addEventListener("error", (event) => {
    event.preventDefault();
    act(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    act(event.reason);
  });
}
