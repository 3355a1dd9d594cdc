"use strict";
// Percentile curves: each step to the right has a tenth of the samples above it.

const CURVE_STEPS = 32; // points in each of these
const FEWEST = 10;      // samples above a percentile for it to be told

// curveTable has the points of a run's curve: where, and the value.
function curveTable(curve) {
  const x = curve.values.map((_, i) => i / CURVE_STEPS), v = [...curve.values];
  const end = Math.log10(curve.count);
  if (v.length && end > x[x.length - 1]) { x.push(end); v.push(curve.max); }
  return [x, v];
}

function end(x) { return x[x.length - 1]; }

// curves lays the curves of a metric over each other, each in two lines: what enough
// samples tell, and beyond, also where figures are lower bounds.
function curves(runs, metric, log) {
  const tables = [], series = [];
  for (const { run, color } of runs) {
    const curve = run.curves[metric];
    if (!curve || !curve.count) continue;
    const [x, v] = curveTable(curve), known = Math.log10(Math.max(1, curve.count / FEWEST)) + 1e-9;
    const from = Math.min(x.findLastIndex(at => at <= known), Math.max(0, curve.open - 1));
    const draw = v.map(value => log && value <= 0 ? null : value);
    tables.push([x, draw.map((value, i) => i <= from ? value : null), draw.map((value, i) => i >= from ? value : null), v]);
    const label = run.label ? "run " + run.label : metric, open = curve.at_least ? x[curve.open] ?? end(x) : Infinity;
    series.push({ label, open, color, text: duration }, { label, color, dash: "dash", width: 1.25, silent: true, text: duration });
  }
  return { tables, series };
}

function percentileTicks(u, axis, min, max) {
  return rounds(Math.max(0, min), max, Math.max(1, Math.ceil((max - min) / (room(u).width / 56))));
}

function percentileLabel(x) {
  return x === 0 ? "0" : Number((100 * (1 - 10 ** -x)).toFixed(Math.max(0, x - 2))) + "%";
}

// curveSpec is the chart of a metric; range, if given, is that of the values.
function curveSpec(runs, metric, log, range) {
  const { tables, series } = curves(runs, metric, log);
  if (!tables.length) return { empty: `No samples of ${metric}.` };
  const all = uPlot.join(tables, tables.map(t => t.map(() => 2)));
  const data = [all[0]];
  series.forEach((s, i) => {
    const at = Math.floor(i / 2) * 3 + 1;
    data.push(all[at + i % 2]);
    s.values = all[at + 2];
    if (!s.silent) s.text = (v, j) => bounded(all[0][j] >= s.open, duration(v));
  });
  const title = i => percentile(all[0][i]);
  const spec = {
    name: `Percentiles of ${metric}`, data, series, title, height: 320,
    x: { axis: axisStyle({ size: 34, splits: percentileTicks, values: (u, splits) => splits.map(percentileLabel) }), range: (u, min, max) => [min, max] },
    y: { log, axis: latencyAxis(log), range: range || latencyRange(log) },
    summary: () => runs.filter(r => r.run.curves[metric]?.count).map(({ run }) => {
      const c = run.curves[metric];
      return `${run.label ? "Run " + run.label + ": " : ""}median ${duration(c.values[Math.min(c.values.length - 1, Math.floor(CURVE_STEPS * Math.log10(2)))])}, maximum ${bounded(c.at_least, duration(c.max))}, of ${count(c.count)} samples`;
    }).join(". "),
  };
  spec.table = () => tableOf(spec, "percentile");
  return spec;
}

// commonRange is one for both directions, so that they can be compared by eye.
function commonRange(runs, metrics, log) {
  const values = runs.flatMap(({ run }) => metrics.flatMap(m => run.curves[m] ? [...run.curves[m].values, run.curves[m].max] : [])).filter(v => !log || v > 0);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return u => latencyRange(log)(u, values.length ? low : null, high);
}
