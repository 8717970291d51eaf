// Draws the interactive time line of a report: two charts with one cursor. Runs in the page, after uPlot.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("timeline-data").textContent);
  const host = document.getElementById("timeline");
  const sync = uPlot.sync("timeline");
  const width = () => Math.max(320, host.clientWidth - 4);
  const latency = (us) => {
    if (us === null || us === undefined) return "n/a";
    if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
    return us >= 1e3 ? `${(us / 1e3).toFixed(1)} ms` : `${Math.round(us)} µs`;
  };
  const count = (value) =>
    value === null || value === undefined ? "n/a" : Math.round(value).toLocaleString("en-US");
  const seconds = (value) => value === null || value === undefined ? "" : `${value} s`;

  const bands = (u) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    for (const band of data.bands) {
      const left = u.valToPos(band.from, "x", true);
      const right = u.valToPos(band.to, "x", true);
      u.ctx.globalAlpha = 0.16;
      u.ctx.fillStyle = band.colour;
      u.ctx.fillRect(left, u.bbox.top, Math.max(2, right - left), u.bbox.height);
    }
    u.ctx.restore();
  };

  const draw = (chart) => {
    const show = chart.isLatency ? latency : count;
    const options = {
      title: chart.title,
      width: width(),
      height: 300,
      cursor: { sync: { key: sync.key } },
      // One colour may stand for two lines of different dashes.
      legend: {
        markers: { dash: (_u, at) => chart.series[at - 1]?.dash === undefined ? "solid" : "dashed" },
      },
      hooks: { drawClear: [bands] },
      scales: {
        x: { time: false },
        y: chart.isLatency ? { distr: 3 } : { range: (_u, _min, max) => [0, max * 1.05 || 1] },
      },
      axes: [
        { values: (_u, values) => values.map(seconds) },
        { size: 80, values: (_u, values) => values.map((value) => value === null ? "" : show(value)) },
      ],
      series: [
        { label: "time", value: (_u, value) => seconds(value) },
        ...chart.series.map((one) => ({
          label: one.name,
          stroke: one.colour,
          width: one.width,
          dash: one.dash,
          // Without a cursor there is nothing to read, which is not the same as a second without a number.
          value: (_u, value, _series, at) => at === null || at === undefined ? "" : show(value),
        })),
      ],
    };
    const plot = new uPlot(options, [data.times, ...chart.series.map((one) => one.values)], host);
    addEventListener("resize", () => plot.setSize({ width: width(), height: 300 }));
  };

  data.charts.forEach(draw);
  host.dataset.drawn = String(data.charts.length);
})();
