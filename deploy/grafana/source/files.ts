/** Every file that is made from the catalogs, by path from the root of the repo. Pure. */
import { stringify } from "yaml"; // yaml: quotes what has to be quoted
import { type AlertRule, alertRules, exprOf, runbookOf } from "./alerts.ts";
import { cluster } from "./cluster.ts";
import { loadTester } from "./load_tester.ts";
import { node } from "./node.ts";
import { dashboardOf, type DashboardSpec } from "./panel.ts";
import { redis } from "./redis.ts";
import { recordingRules } from "./rules.ts";

/** The dashboards by the names of their files. */
export const dashboards: Readonly<Record<string, DashboardSpec>> = {
  "cluster": cluster,
  "node": node,
  "redis": redis,
  "load-tester": loadTester,
};

const HEAD = "# Made by `deno task dashboards` from deploy/grafana/source: change that, not this.\n";

/** Texts by path. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const pages = Object.entries(dashboards).map(([name, spec]) =>
    [
      `deploy/grafana/dashboards/${name}.json`,
      `${JSON.stringify(dashboardOf(spec), undefined, 2)}\n`,
    ] as const
  );
  return new Map([
    ...pages,
    ["deploy/prometheus/rules.yml", yaml("shoal-recording", recordingRules)],
    ["deploy/prometheus/alerts.yml", yaml("shoal-alerts", alertRules.map(prometheusAlert))],
  ]);
}

function yaml(group: string, rules: readonly unknown[]): string {
  return HEAD + stringify({ groups: [{ name: group, rules }] }, { lineWidth: 0 });
}

function prometheusAlert(rule: AlertRule) {
  const { alert, severity, lasts, summary } = rule;
  return {
    alert,
    expr: exprOf(rule),
    for: lasts,
    labels: { severity },
    annotations: { summary, runbook_url: runbookOf(rule) },
  };
}
