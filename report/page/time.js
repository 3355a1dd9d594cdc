"use strict";
// What changed over time. A run has a line, or one for each of its parts.

// linesOf are all lines, each with its colour and what to call it.
function linesOf(runs) {
  const several = runs.length > 1;
  const all = runs.flatMap(({ run, color }) => run.lines.map(line => ({ line, color, run })));
  all.forEach((l, i) => {
    if (!several && all.length > 1) l.color = i % COLORS + 1;
    l.label = [l.run.label && "run " + l.run.label, l.line.part && "part " + l.line.part].filter(Boolean).join(", ");
  });
  return all;
}

// timeSpec is a chart over time of figures: {label, color, dash, line, values, text …}.
function timeSpec(name, figures, y, more = {}) {
  const tables = figures.map(f => [f.line.start.map((s, i) => s + f.line.length[i] / 2), f.values.map(y.draw || (v => v)), f.values, f.line.start, f.line.length]);
  const all = uPlot.join(tables, tables.map(t => t.map(() => 2)));
  const data = [all[0]];
  figures.forEach((f, n) => {
    data.push(all[n * 4 + 1]);
    f.values = all[n * 4 + 2];
  });
  // All of the time, and not from the middle of the first interval to that of the last.
  const from = Math.min(...figures.map(f => f.line.start[0] ?? Infinity));
  const until = Math.max(...figures.map(f => (f.line.start.at(-1) ?? 0) + (f.line.length.at(-1) ?? 0)));
  for (const f of figures.filter(f => f.open)) {
    const plain = f.text;
    f.text = (v, i) => bounded(f.open.has(all[0][i]), plain(v));
  }
  const title = i => {
    for (let n = 0; n < figures.length; n++) {
      const starts = all[n * 4 + 3], at = nearest(starts, i);
      if (starts[at] != null) return `${moment(starts[at])} to ${moment(starts[at] + all[n * 4 + 4][at])}`;
    }
    return moment(all[0][i]);
  };
  const spec = { name, data, series: figures, title, x: { axis: timeAxis(), range: (u, min, max) => min === max || min <= all[0][0] && max >= all[0].at(-1) ? [from, until] : [min, max] }, y, ...more };
  spec.table = () => tableOf(spec, "time");
  spec.summary = () => figures.filter(f => !f.hidden && !f.silent).slice(0, 6).map(f => {
    const told = f.values.filter(v => v != null);
    if (!told.length) return `${f.label}: nothing`;
    return `${f.label} from ${f.text(told.reduce((a, b) => Math.min(a, b)))} to ${f.text(told.reduce((a, b) => Math.max(a, b)))}`;
  }).join(", ");
  return spec;
}

// middles are where some intervals of a line are in a chart.
function middles(line, intervals) {
  return new Set(intervals.map(i => line.start[i] + line.length[i] / 2));
}

const FIGURES = [["p50", "solid", 1.75, 1], ["p99", "dash", 1.5, 2], ["max", "dots", 1.25, 3]];

function latencySpec(runs, metric, log) {
  const lines = linesOf(runs).filter(l => l.line.metrics[metric]?.max.some(v => v !== null));
  if (!lines.length) return { empty: `No interval has samples of ${metric}.` };
  const one = lines.length === 1;
  const first = lines.every(({ line }) => line.metrics[metric].p99.some(v => v !== null)) ? "p99" : "p50"; // to be seen
  const figures = lines.flatMap(({ line, color, label }) => FIGURES.map(([name, dash, width, own]) => ({
    label: one ? [runs.length > 1 && label, name].filter(Boolean).join(" ") : `${label} ${name}`, color: one ? own : color, dash: one ? "solid" : dash, width, line,
    hidden: !one && name !== first, values: line.metrics[metric][name], text: duration, open: middles(line, line.metrics[metric].at_least?.[name] || []),
  })));
  const y = { log, axis: latencyAxis(log), range: latencyRange(log), draw: v => log && v !== null && v <= 0 ? null : v };
  return timeSpec(`Latency over time, ${metric}`, figures, y);
}

function counts(u, axis, min, max) {
  return linearTicks(u, axis, min, max).filter(Number.isInteger);
}

function fromZero(u, min, max) {
  return [0, (max || 1) * 1.08];
}

function short(n) {
  return n >= 1e6 ? Number((n / 1e6).toPrecision(4)) + "M" : n >= 1e4 ? Number((n / 1e3).toPrecision(4)) + "k" : String(n);
}

function rateSpec(runs) {
  const figures = linesOf(runs).map(({ line, color, label }) => ({ label: label || "throughput", color, line, values: line.rate, text: rate }));
  const axis = axisStyle({ size: AXIS_WIDTH, splits: linearTicks, values: (u, splits) => splits.map(v => short(v) + "/s") });
  return timeSpec("Throughput over time", figures, { axis, range: fromZero }, { height: 220 });
}

// errorSpec has the sum of all kinds for each line, and of one line alone its kinds, too;
// or one kind.
function errorSpec(runs, kind, extra) {
  const lines = linesOf(runs);
  if (!lines.some(({ line }) => line.kinds.length)) return { empty: "No errors in any interval." };
  const of = line => line.kinds.find(k => k.kind === kind)?.counts || line.start.map(() => 0);
  const figures = lines.map(({ line, color, label }) => ({
    label: [label, kind || "all kinds"].filter(Boolean).join(" "), color: color, line, values: kind ? of(line) : line.errors, text: count,
  }));
  if (lines.length === 1 && !kind) {
    const { line } = lines[0];
    if (line.kinds.length > 1) {
      line.kinds.forEach((k, i) => figures.push({ label: k.kind, color: (i + 1) % COLORS + 1, dash: i % 2 ? "dots" : "dash", line, values: k.counts, text: count }));
    } else {
      figures[0].label = line.kinds[0].kind;
    }
  }
  const axis = axisStyle({ size: AXIS_WIDTH, splits: counts, values: (u, splits) => splits.map(short) });
  return timeSpec("Errors over time", figures, { axis, range: fromZero }, { height: 220, extra });
}

function errorKinds(runs) {
  return [...new Set(linesOf(runs).flatMap(({ line }) => line.kinds.map(k => k.kind)))];
}
