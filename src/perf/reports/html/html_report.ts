/**
 * The report as one HTML file that needs nothing else: charts as SVG, an interactive time line, all tables. Its policy
 * allows no network at all, and no script but the two that are written here, so that text which a server sent us cannot
 * become code even if it slipped through.
 */
import { createHash } from "node:crypto";
// uplot: zoom and cursor over time in 50 KB; its text goes into the page, it is not run here.
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import type { Chart } from "../charts/chart.ts";
import { element, escapeMarkup } from "../charts/svg.ts";
import {
  claimSentences,
  demandTable,
  reportSections,
  reportTitle,
  type Section,
  type SectionTable,
} from "../report_sections.ts";
import type { RunReport } from "../run_report.ts";
import { badgeText } from "../badge.ts";
import pageCss from "./page.css" with { type: "text" };
import timelineScript from "./timeline.js" with { type: "text" };
import { timelineData } from "./timeline_data.ts";

/** A whole HTML document with `charts`. */
export function htmlReport(report: RunReport, charts: readonly Chart[]): string {
  const timeline = timelineData(report);
  const scripts = timeline === undefined ? [] : [uplotScript, timelineScript];
  const body = [
    ...headLines(report),
    ...(timeline === undefined ? [] : [
      "<h2>Time line</h2>",
      '<p class="faint">Drag to zoom, double-click to see all; the cursor reads both.</p>',
      '<div id="timeline" class="timeline"></div>',
      // Only "<" can end a script element.
      `<script type="application/json" id="timeline-data">${
        JSON.stringify(timeline).replaceAll("<", "\\u003c")
      }</script>`,
    ]),
    ...(charts.length === 0 ? [] : ["<h2>Charts</h2>"]),
    ...charts.map((chart) => `<figure id="chart-${escapeMarkup(chart.name)}">${chart.svg}</figure>`),
    ...reportSections(report).flatMap(sectionLines),
    ...scripts.map((script) => `<script>${script}</script>`),
  ];
  return page(`${reportTitle(report)}`, policyOf(scripts), body);
}

function page(title: string, policy: string, body: readonly string[]): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    element("meta", { "http-equiv": "Content-Security-Policy", content: policy }),
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${uplotCss}\n${pageCss}</style>`,
    "</head>",
    "<body>",
    ...body,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function policyOf(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(" ") || "'none'"}`;
}

function headLines(report: RunReport): readonly string[] {
  const { verdict } = report;
  const badge = element(
    "span",
    { class: `badge ${verdict.word.toLowerCase()}` },
    escapeMarkup(badgeText(verdict)),
  );
  const title = reportTitle(report).slice(verdict.word.length + 2);
  const findings = verdict.findings.map(({ name, text }) =>
    `<li><b>${escapeMarkup(name)}</b>: ${escapeMarkup(text)}</li>`
  );
  return [
    `<h1>${badge}${escapeMarkup(title)}</h1>`,
    `<p class="faint">${escapeMarkup(report.startedAt)}</p>`,
    ...(findings.length === 0 ? [] : ["<ul>", ...findings, "</ul>"]),
    ...claimSentences(report).map((sentence) => `<p><b>${escapeMarkup(sentence)}</b></p>`),
    tableHtml(demandTable(report)),
  ];
}

function sectionLines({ title, sentences, tables }: Section): readonly string[] {
  return [
    `<h2>${escapeMarkup(title)}</h2>`,
    ...sentences.map((sentence) => `<p>${escapeMarkup(sentence)}</p>`),
    ...tables.map(tableHtml),
  ];
}

function tableHtml({ head, rows }: SectionTable): string {
  const cells = (row: readonly string[], name: "th" | "td") =>
    element("tr", {}, ...row.map((cell) => `<${name}>${escapeMarkup(cell)}</${name}>`));
  const isHeadless = head.every((cell) => cell === "");
  const isProse = head.length <= 2;
  return element(
    "div",
    { class: "wide" },
    element(
      "table",
      { class: isProse ? "prose" : undefined },
      isHeadless ? "" : `<thead>${cells(head, "th")}</thead>`,
      `<tbody>${rows.map((row) => cells(row, "td")).join("\n")}</tbody>`,
    ),
  );
}
