/**
 * Does `work` for each item, at most `lanes` at a time, in the order of the items. Answers what it came to in that order;
 * items that were not begun because `isOver` are missing. Rejects with the first rejection.
 */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
  isOver: () => boolean = () => false,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const waiting = items.entries();
  const lane = async () => {
    for (const [at, item] of waiting) {
      if (isOver()) return;
      results.set(at, await work(item));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return Array.from(items.keys()).flatMap((at) => results.has(at) ? [results.get(at) as R] : []);
}
