import assert from "node:assert/strict";
import { isDebianLike, planNeeds, type Situation } from "./needs.ts";

const redis = { binary: "redis-server", debianPackage: "redis-server" };
const promtool = { binary: "promtool", debianPackage: "prometheus" };
const rootOnDebian: Situation = {
  missing: [redis, promtool],
  isRoot: true,
  isDebianLike: true,
  isTerminal: true,
  hasConsent: false,
};

Deno.test("planNeeds() says ready when nothing is missing", () => {
  assert.deepEqual(planNeeds({ ...rootOnDebian, missing: [] }), { state: "ready" });
});

Deno.test("planNeeds() asks before it installs for root at a terminal", () => {
  assert.deepEqual(planNeeds(rootOnDebian), {
    state: "install",
    packages: ["redis-server", "prometheus"],
    mustAsk: true,
    line: "apt-get update && apt-get install -y --no-install-recommends redis-server prometheus",
  });
});

Deno.test("planNeeds() does not ask with consent or without a terminal", () => {
  for (const situation of [{ hasConsent: true }, { isTerminal: false }]) {
    const plan = planNeeds({ ...rootOnDebian, ...situation });
    assert.equal(plan.state === "install" && plan.mustAsk, false);
    assert.equal(plan.state, "install");
  }
});

Deno.test("planNeeds() names each package once", () => {
  const amtool = { binary: "amtool", debianPackage: "prometheus" };
  const plan = planNeeds({ ...rootOnDebian, missing: [promtool, amtool] });
  assert.deepEqual(plan.state === "install" && plan.packages, ["prometheus"]);
});

Deno.test("planNeeds() stops with the sudo line for a plain user on Debian", () => {
  const plan = planNeeds({ ...rootOnDebian, isRoot: false, hasConsent: true });
  assert.equal(plan.state, "stop");
  const message = plan.state === "stop" ? plan.message : "";
  assert.match(message, /missing redis-server, promtool; run: sudo .*install.* redis-server prometheus/);
  assert.equal(message.includes("\n"), false);
});

Deno.test("planNeeds() stops without an apt line on another system", () => {
  const plan = planNeeds({ ...rootOnDebian, isDebianLike: false });
  assert.equal(plan.state, "stop");
  assert.doesNotMatch(plan.state === "stop" ? plan.message : "apt", /apt/);
});

Deno.test("isDebianLike() reads ID and ID_LIKE, quoted or not", () => {
  assert.equal(isDebianLike('NAME="x"\nID=debian\n'), true);
  assert.equal(isDebianLike('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), true);
  assert.equal(isDebianLike('ID=fedora\nVARIANT_ID=debian\nHOME_URL="https://debian.org"\n'), false);
  assert.equal(isDebianLike(""), false);
});
