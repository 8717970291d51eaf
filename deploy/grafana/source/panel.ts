/** Dashboards as short descriptions, and what Grafana wants to read. */

/** Grafana's name of the data source that `provisioning/` declares. */
export const DATASOURCE = { type: "prometheus", uid: "shoal-prometheus" } as const;

/** One line, or one family of lines, of a panel. */
export interface Query {
  readonly expr: string;
  /** Text of the legend, with labels such as `{{instance}}`. */
  readonly legend: string;
}

/** One picture. */
export interface PanelSpec {
  readonly title: string;
  /** What it shows and when to worry, for people. */
  readonly about: string;
  readonly kind?: "timeseries" | "stat";
  /** Grafana's unit: `short`, `s`, `bytes`, `Bps`, `percent`, `percentunit`, `ops`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

/** Panels that stand together under a heading. */
export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** One dashboard. */
export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** Metric whose `instance` label the variable offers; without it there is no variable. */
  readonly instancesOf?: string;
  readonly rows: readonly RowSpec[];
}

/** One number. */
export function stat(title: string, about: string, unit: string, expr: string): PanelSpec {
  return { title, about, unit, kind: "stat", queries: [{ expr, legend: title }] };
}

/** Lines over time; queries are pairs of expression and legend. */
export function lines(
  title: string,
  about: string,
  unit: string,
  queries: readonly (readonly [expr: string, legend: string])[],
): PanelSpec {
  return { title, about, unit, queries: queries.map(([expr, legend]) => ({ expr, legend })) };
}

const COLUMNS = 24;
const SIZES = { timeseries: { w: 12, h: 8 }, stat: { w: 6, h: 4 } } as const;

/** The JSON model of a dashboard, the same at each call. */
export function dashboardOf(spec: DashboardSpec): Readonly<Record<string, unknown>> {
  return {
    uid: spec.uid,
    title: spec.title,
    description: spec.about,
    tags: ["shoal"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: "10s",
    time: { from: "now-30m", to: "now" },
    timezone: "browser",
    templating: { list: spec.instancesOf === undefined ? [] : [instanceVariable(spec.instancesOf)] },
    panels: layOut(spec.rows),
  };
}

function layOut(rows: readonly RowSpec[]): readonly unknown[] {
  const panels: unknown[] = [];
  let y = 0;
  for (const { title, panels: specs } of rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
    });
    let x = 0, height = 0;
    for (const spec of specs) {
      const { w, h } = SIZES[spec.kind ?? "timeseries"];
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      panels.push(panelOf(spec, panels.length + 1, { x, y, w, h }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

function panelOf(spec: PanelSpec, id: number, gridPos: Readonly<Record<string, number>>) {
  const { title, about, kind = "timeseries", unit, queries } = spec;
  return {
    id,
    type: kind,
    title,
    description: about,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: { unit, min: 0, ...(kind === "timeseries" ? { custom: LINES } : {}) },
      overrides: [],
    },
    options: kind === "timeseries" ? TIMESERIES : STAT,
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

const LINES = { drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "never", spanNulls: false };
const TIMESERIES = {
  legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"] },
  tooltip: { mode: "multi", sort: "desc" },
};
const STAT = {
  colorMode: "value",
  graphMode: "area",
  reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
};

function instanceVariable(metric: string) {
  const query = `label_values(${metric}, instance)`;
  return {
    name: "instance",
    label: "Node",
    type: "query",
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: "instances" },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".+",
    current: { selected: true, text: ["All"], value: ["$__all"] },
  };
}
