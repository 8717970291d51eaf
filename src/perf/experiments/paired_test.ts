import assert from "node:assert/strict";
import { seededRandom } from "../engine/seed.ts";
import { bootstrap } from "./bootstrap.ts";
import { drawNormal } from "./normal.ts";
import { pairedEffect, type RoundValue, sameSideLogRatios } from "./paired.ts";
import { median, quantile } from "./quantile.ts";
import { abbaSchedule } from "./schedule.ts";
import { signedRankP } from "./wilcoxon.ts";

/** Runs with a noise of 2 %, a drift of 10 % over the session, and B larger than A by `effect`. */
function session(pairs: number, effect: number, seed: number): readonly RoundValue[] {
  const random = seededRandom(seed);
  return abbaSchedule(pairs, seed).map(({ side, pair }, at) => {
    const drift = 1 + 0.1 * at / (2 * pairs);
    const noise = Math.exp(0.02 * drawNormal(random));
    return { side, pair, value: 1_000 * drift * noise * (side === "b" ? 1 + effect : 1) };
  });
}

/** Enough for a yes or no, and ten times as fast as the default. */
const RESAMPLES = 1_000;

function share(count: number, holds: (seed: number) => boolean): number {
  return Array.from({ length: count }, (_, seed) => holds(seed + 1)).filter((does) => does).length;
}

Deno.test("pairedEffect() says no difference in at least 95 of 100 experiments of A against A", () => {
  assert.ok(share(100, (seed) => !pairedEffect(session(5, 0, seed), seed, RESAMPLES).isDifferent) >= 95);
  assert.ok(share(100, (seed) => !pairedEffect(session(10, 0, seed), seed, RESAMPLES).isDifferent) >= 95);
});

Deno.test("pairedEffect() finds 10 % more in at least 95 of 100 experiments, with it in the interval", () => {
  const effects = Array.from(
    { length: 100 },
    (_, seed) => pairedEffect(session(5, 0.1, seed + 1), seed + 1, RESAMPLES),
  );
  const found = effects.filter((effect) => effect.isDifferent && effect.ratio.estimate > 1);
  assert.ok(found.length >= 95, `found in ${found.length} of 100`);
  const covering = effects.filter(({ ratio }) => ratio.low <= 1.1 && 1.1 <= ratio.high);
  assert.ok(covering.length >= 88, `1.1 in ${covering.length} of 100 intervals`);
});

Deno.test("pairedEffect() never calls fewer than five pairs different", () => {
  assert.equal(pairedEffect(session(4, 0.5, 1), 1).isDifferent, false);
  assert.equal(pairedEffect(session(5, 0.5, 1), 1).isDifferent, true);
});

Deno.test("pairedEffect() does not call a difference what is smaller than the noise between equal runs", () => {
  // B is above A in each pair, but runs of A differ from each other by far more.
  const values = [[100, 101], [200, 202], [100, 101], [200, 202], [100, 101]] as const;
  const rounds = values.flatMap(([a, b], pair): readonly RoundValue[] => {
    const runs: readonly RoundValue[] = [{ side: "a", pair, value: a }, { side: "b", pair, value: b }];
    return pair % 2 === 0 ? runs : runs.toReversed();
  });
  const effect = pairedEffect(rounds, 1);
  assert.ok(effect.ratio.low > 1 && effect.noiseFloor > 1.5, JSON.stringify(effect));
  assert.equal(effect.isDifferent, false);
});

Deno.test("sameSideLogRatios() takes neighbours of the same side out of ABBA order", () => {
  const rounds = (["a", "b", "b", "a", "a", "b"] as const).map((side, at): RoundValue => ({
    side,
    pair: Math.floor(at / 2),
    value: at + 1,
  }));
  assert.deepEqual(sameSideLogRatios(rounds), [Math.log(3 / 2), Math.log(5 / 4)]);
});

Deno.test("abbaSchedule() alternates who is first, and the seed says who begins", () => {
  const letters = (seed: number) => abbaSchedule(3, seed).map((run) => run.side).join("");
  const seen = new Set(Array.from({ length: 20 }, (_, seed) => letters(seed)));
  assert.deepEqual([...seen].sort(), ["abbaab", "baabba"]);
});

Deno.test("signedRankP() counts sign patterns exactly for few pairs", () => {
  // All five of one sign: 2 of 32 patterns.
  assert.equal(signedRankP([1, 2, 3, 4, 5]), 2 / 32);
  assert.equal(signedRankP([1, 2, 3, 4, 5, 6]), 2 / 64);
  // Ranks 1..5, only the smallest negative: sums 14 and 1, and patterns at least as far: 15, 14, 1, 0.
  assert.equal(signedRankP([-1, 2, 3, 4, 5]), 4 / 32);
  assert.equal(signedRankP([1, -1]), 1);
  assert.equal(signedRankP([0, 0]), 1);
});

Deno.test("signedRankP() of many pairs agrees with the normal distribution", () => {
  const alternating = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 1 : -1) * (at + 1));
  assert.ok(signedRankP(alternating) > 0.7);
  const oneSided = Array.from({ length: 40 }, (_, at) => at + 1);
  assert.ok(signedRankP(oneSided) < 1e-6);
});

Deno.test("bootstrap() repeats itself with the same seed and narrows with more values", () => {
  const random = seededRandom(3);
  const values = Array.from({ length: 200 }, () => drawNormal(random));
  assert.deepEqual(bootstrap(values, median, { seed: 1 }), bootstrap(values, median, { seed: 1 }));
  const few = bootstrap(values.slice(0, 20), median, { seed: 1 });
  const many = bootstrap(values, median, { seed: 1 });
  assert.ok(many.high - many.low < few.high - few.low);
  assert.ok(many.low < 0 && many.high > 0);
});

Deno.test("quantile() takes the straight line between neighbours", () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([1, Infinity, Infinity], 0.75), Infinity);
  assert.ok(Number.isNaN(median([])));
});
