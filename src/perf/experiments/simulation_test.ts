import assert from "node:assert/strict";
import { seededRandom } from "../engine/seed.ts";
import { drawBinomial, simulate } from "./simulation.ts";
import { Zipf } from "./zipf.ts";

const model = {
  nodes: 10,
  connections: 10_000,
  channels: 1_000,
  zipf: 0,
  subscriptions: 1,
  churnPerSec: 0.01,
};

Deno.test("Zipf.share() adds up to one and halves with the rank at exponent 1", () => {
  for (const [count, exponent] of [[50, 1], [5_000, 0.8], [5_000, 1.3], [200, 0]] as const) {
    const law = new Zipf(count, exponent);
    const sum = Array.from({ length: count }, (_, at) => law.share(at + 1)).reduce(
      (total, share) => total + share,
      0,
    );
    assert.ok(Math.abs(sum - 1) < 1e-6, `${count} ${exponent}: ${sum}`);
  }
  const law = new Zipf(1_000_000, 1);
  assert.ok(Math.abs(law.share(1) / law.share(2) - 2) < 1e-9);
});

Deno.test("Zipf.rank() draws ranks as often as their shares say", () => {
  const law = new Zipf(100_000, 1.1);
  const random = seededRandom(1);
  const draws = Array.from({ length: 20_000 }, () => law.rank(random()));
  for (const rank of [1, 2, 10]) {
    const found = draws.filter((draw) => draw === rank).length / draws.length;
    assert.ok(Math.abs(found / law.share(rank) - 1) < 0.15, `${rank}: ${found} for ${law.share(rank)}`);
  }
  assert.equal(law.rank(0), 1);
  assert.equal(law.rank(0.9999999999), 100_000);
});

Deno.test("simulate() agrees with what can be computed: m subscribers at random on N nodes", () => {
  // 10 subscribers a channel on 10 nodes: 10 (1 - 0.9^10) = 6.5, a little less for the spread of m.
  const { deliveries, nodesTouched, interestChangesPerSec } = simulate(model, 1, 20);
  assert.ok(Math.abs(deliveries.estimate - 10) < 0.2, `${deliveries.estimate}`);
  assert.ok(Math.abs(nodesTouched.estimate - 6.3) < 0.2, `${nodesTouched.estimate}`);
  // 100 clients a second go and 100 come; about 0.9^9 of them are alone on their node in the channel.
  assert.ok(Math.abs(interestChangesPerSec.estimate - 200 * 0.4) < 12, `${interestChangesPerSec.estimate}`);
  assert.ok(nodesTouched.low < nodesTouched.estimate && nodesTouched.estimate < nodesTouched.high);
});

Deno.test("simulate() sends a popular channel to every node and a private one to a single node", () => {
  assert.equal(simulate({ ...model, channels: 1 }, 1, 2).nodesTouched.estimate, 10);
  const lone = simulate({ ...model, connections: 1_000, channels: 1_000_000 }, 1, 2);
  assert.ok(lone.nodesTouched.estimate < 0.01);
});

Deno.test("simulate() repeats itself with the same seed", () => {
  assert.deepEqual(simulate({ ...model, zipf: 1 }, 7, 3), simulate({ ...model, zipf: 1 }, 7, 3));
});

Deno.test("drawBinomial() has the right mean, counted and approximated", () => {
  const random = seededRandom(1);
  for (const [count, probability] of [[100, 0.3], [10_000, 0.001], [1_000_000, 0.2]] as const) {
    const draws = Array.from({ length: 300 }, () => drawBinomial(count, probability, random));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    assert.ok(Math.abs(mean / (count * probability) - 1) < 0.06, `${count} ${probability}: ${mean}`);
  }
});
