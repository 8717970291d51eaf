import assert from "node:assert/strict";
import { seededRandom } from "../engine/seed.ts";
import { solveLinear } from "./linear_solve.ts";
import { drawNormal } from "./normal.ts";
import { dominantTerm, type UslCurve, uslPeak, uslThroughput } from "./usl.ts";
import { fitUsl, predictUsl } from "./usl_fit.ts";
import { type ScalePoint, solveUsl } from "./usl_solver.ts";

const SIZES = [1, 2, 3, 4, 6, 8];

/** Three runs at each size, with a noise of `noise`. */
function measured(curve: UslCurve, noise: number, seed: number): readonly ScalePoint[] {
  const random = seededRandom(seed);
  return SIZES.flatMap((instances) =>
    [1, 2, 3].map(() => ({
      instances,
      throughput: uslThroughput(curve, instances) * Math.exp(noise * drawNormal(random)),
    }))
  );
}

Deno.test("fitUsl() recovers sigma and kappa of exact data", () => {
  for (const [sigma, kappa] of [[0.05, 0.01], [0.3, 0], [0, 0.02], [0, 0]] as const) {
    const { curve } = fitUsl(measured({ lambda: 5_000, sigma, kappa }, 0, 1), 1, 1);
    assert.ok(Math.abs(curve.sigma - sigma) < 1e-3, `sigma ${curve.sigma} for ${sigma}`);
    assert.ok(Math.abs(curve.kappa - kappa) < 1e-4, `kappa ${curve.kappa} for ${kappa}`);
    assert.ok(Math.abs(curve.lambda / 5_000 - 1) < 1e-2, `lambda ${curve.lambda}`);
  }
});

Deno.test("fitUsl() has the true sigma, kappa and peak in its 95 % intervals in most noisy sessions", () => {
  const truth: UslCurve = { lambda: 1_000, sigma: 0.08, kappa: 0.015 };
  const fits = Array.from({ length: 40 }, (_, at) => fitUsl(measured(truth, 0.03, at + 1), at + 1_001, 200));
  const covered = (field: "sigma" | "kappa" | "peak", value: number) =>
    fits.filter((fit) => fit[field].low <= value && value <= fit[field].high).length;
  const counts = [covered("sigma", 0.08), covered("kappa", 0.015), covered("peak", uslPeak(truth))];
  assert.ok(counts.every((count) => count >= 34), `covered ${counts.join(", ")} of 40`);
  const sigmas = fits.map((fit) => fit.curve.sigma);
  assert.ok(Math.abs(sigmas.reduce((sum, sigma) => sum + sigma, 0) / 40 - 0.08) < 0.01, sigmas.join());
});

Deno.test("fitUsl() sees no peak where coherency costs nothing", () => {
  const truth = { lambda: 1_000, sigma: 0.2, kappa: 0 };
  const fits = [1, 2, 3, 4, 5].map((seed) => fitUsl(measured(truth, 0.01, seed), seed + 1_000, 200));
  const open = fits.filter((fit) => fit.peak.high === Number.POSITIVE_INFINITY);
  assert.ok(open.length >= 4, `${open.length} of 5 without an end`);
  assert.ok(fits.every((fit) => fit.dominant === "contention"));
});

Deno.test("fitUsl() refuses fewer than five sizes", () => {
  const points = [1, 2, 3, 4].map((instances) => ({ instances, throughput: instances }));
  assert.throws(() => fitUsl(points, 1), /4 sizes, at least 5/);
});

Deno.test("predictUsl() refuses more than twice the largest measured size", () => {
  const curve = { lambda: 100, sigma: 0.1, kappa: 0.01 };
  const fit = fitUsl(measured(curve, 0, 1), 1, 1);
  assert.ok(Math.abs(predictUsl(fit, 16) / uslThroughput(curve, 16) - 1) < 0.01);
  assert.throws(() => predictUsl(fit, 17), /measured up to 8 and holds up to 16/);
});

Deno.test("uslPeak() is where throughput is highest", () => {
  const curve = { lambda: 1, sigma: 0.1, kappa: 0.01 };
  const sizes = Array.from({ length: 40 }, (_, at) => at + 1);
  const best = sizes.toSorted((a, b) => uslThroughput(curve, b) - uslThroughput(curve, a))[0];
  assert.equal(best, Math.round(uslPeak(curve)));
});

Deno.test("dominantTerm() names the larger cost, and none where both are small", () => {
  assert.equal(dominantTerm({ lambda: 1, sigma: 0.1, kappa: 0.001 }, 8), "contention");
  assert.equal(dominantTerm({ lambda: 1, sigma: 0.01, kappa: 0.01 }, 8), "coherency");
  assert.equal(dominantTerm({ lambda: 1, sigma: 0.001, kappa: 0 }, 8), "neither");
});

Deno.test("solveUsl() finds the least squares of runs that bend more than the law, at the bound of kappa", () => {
  // Seen in real runs; a search over a fine grid finds lambda 2650, sigma 0.43, kappa 0 with an error of 0.0357.
  const runs = [[1, 2632], [5, 5257], [2, 3426], [3, 4117], [4, 4850], [2, 3792], [1, 2823], [4, 4597], [
    3,
    3789,
  ], [5, 5028]];
  const points = runs.map(([instances = 1, throughput = 1]) => ({ instances, throughput }));
  const curve = solveUsl(points);
  const error = points.reduce(
    (sum, point) => sum + Math.log(point.throughput / uslThroughput(curve, point.instances)) ** 2,
    0,
  );
  assert.ok(error < 0.0357, `${error}`);
  assert.equal(curve.kappa, 0);
  assert.ok(
    Math.abs(curve.sigma - 0.43) < 0.02 && Math.abs(curve.lambda - 2_650) < 60,
    JSON.stringify(curve),
  );
});

Deno.test("solveLinear() solves with a zero on the diagonal, and says so when it cannot", () => {
  assert.deepEqual(solveLinear([[0, 2], [4, 0]], [6, 8]), [2, 3]);
  assert.equal(solveLinear([[1, 1], [1, 1]], [1, 2]), undefined);
});
