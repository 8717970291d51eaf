/** PromQL over metrics that exist: a name that no catalog holds, or that is used as what it is not, throws. */
import { metricTable } from "../../../src/metrics/mod.ts";
import { perfMetricTable } from "../../../src/perf/metric_catalog.ts";

const types = new Map([...metricTable, ...perfMetricTable].map(({ name, type }) => [name, type]));

/** What the dashboards pick by their variable `instance`. */
export const PICKED = '{instance=~"$instance"}';
/** Grafana's window: at least four scrapes. */
export const WINDOW = "$__rate_interval";

/** A gauge or counter as it is. */
export function metric(name: string, labels = ""): string {
  return `${known(name)}${labels}`;
}

/** How fast a counter grows, per second. */
export function rate(name: string, labels = "", window = WINDOW): string {
  return `rate(${known(name, "counter")}${labels}[${window}])`;
}

/** How much a counter grew. */
export function increase(name: string, labels = "", window = WINDOW): string {
  return `increase(${known(name, "counter")}${labels}[${window}])`;
}

/** A quantile of a histogram over all series that share `by`. */
export function quantile(
  q: number,
  name: string,
  { by, labels = "", window = WINDOW }: {
    readonly by: string;
    readonly labels?: string;
    readonly window?: string;
  },
): string {
  const le = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${q}, sum by (${le}) (rate(${
    known(name, "histogram")
  }_bucket${labels}[${window}])))`;
}

/** Half and tail of a histogram for each value of the label `by`: queries and their legends. */
export function halfAndTail(
  name: string,
  by: string,
  labels: string,
): readonly (readonly [query: string, legend: string])[] {
  return [
    [quantile(0.5, name, { by, labels }), `{{${by}}} p50`],
    [quantile(0.99, name, { by, labels }), `{{${by}}} p99`],
  ];
}

/** The mean of a histogram over all series that share `by`. */
export function mean(name: string, by: string, labels = "", window = WINDOW): string {
  const part = (suffix: string) =>
    `sum by (${by}) (rate(${known(name, "histogram")}_${suffix}${labels}[${window}]))`;
  return `${part("sum")} / ${part("count")}`;
}

function known(name: string, type?: string): string {
  const found = types.get(name);
  if (found === undefined) throw new RangeError(`Cannot use metric "${name}": no catalog has it`);
  if (type !== undefined && found !== type) {
    throw new TypeError(`Cannot use "${name}" as a ${type}: it is a ${found}`);
  }
  return name;
}
