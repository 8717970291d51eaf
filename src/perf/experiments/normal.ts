/** Numbers of a normal distribution, for made-up data. */

/** One draw with mean 0 and deviation 1 (Box and Muller). */
export function drawNormal(random: () => number): number {
  // 1 - x is never zero, whose logarithm would be infinite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
