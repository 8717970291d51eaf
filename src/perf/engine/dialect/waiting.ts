/** Messages of one connection whose answers come in the order in which they were sent. */

/** A queue in an array: taken from the front by moving `head`. */
export interface Waiting {
  waiting: number[];
  head: number;
}

/** Entries that may be spent before the array is cut. */
const MAX_SPENT = 64;

/** The oldest message, or undefined when none waits. */
export function takeWaiting(queue: Waiting): number | undefined {
  const index = queue.waiting[queue.head];
  if (index === undefined) return undefined;
  queue.head++;
  if (queue.head === queue.waiting.length || queue.head > MAX_SPENT) {
    queue.waiting.splice(0, queue.head);
    queue.head = 0;
  }
  return index;
}
