"use strict";
// The offset of the server's clock over time, with its bound as a band.

const CLOCK_POINTS = 200; // of a clock

// offsetTable samples the segments of a clock, with a gap between them.
function offsetTable({ segments, shift }) {
  const x = [], offset = [], bound = [];
  const add = (at, o, b) => {
    if (x.length && at + shift <= x[x.length - 1]) at = x[x.length - 1] - shift + 1;
    x.push(at + shift);
    offset.push(o);
    bound.push(b);
  };
  const total = segments.reduce((sum, s) => sum + s.to_ns - s.from_ns, 0) || 1;
  segments.forEach((s, i) => {
    const n = Math.max(1, Math.round(CLOCK_POINTS * (s.to_ns - s.from_ns) / total));
    if (i) add((segments[i - 1].to_ns + s.from_ns) / 2, null, null);
    for (let k = 0; k <= n; k++) add(s.from_ns + (s.to_ns - s.from_ns) * k / n, s.from_offset_ns + (s.to_offset_ns - s.from_offset_ns) * k / n, s.bound_ns);
  });
  const edge = sign => offset.map((o, i) => o === null ? null : o + sign * bound[i]);
  return [x, offset, edge(1), edge(-1), bound];
}

function clocksOf(runs) {
  const all = runs.flatMap(({ run, color }) => run.clock.map(clock => ({ clock, color, run })));
  all.forEach((c, i) => {
    if (runs.length === 1 && all.length > 1) c.color = i % COLORS + 1;
    c.label = [c.run.label && "run " + c.run.label, c.clock.part && "part " + c.clock.part].filter(Boolean).join(", ") || "offset";
  });
  return all;
}

// marks shows when something changed, by its number in the list below the chart.
function marks(u, clocks) {
  const { ctx, bbox } = u, scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * scale}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  for (const { clock, color } of clocks) {
    clock.changes.forEach((c, i) => {
      const left = u.valToPos(c.from_ns + clock.shift, "x", true), right = u.valToPos(c.to_ns + clock.shift, "x", true);
      if (right < bbox.left || left > bbox.left + bbox.width) return;
      ctx.fillStyle = themed("--s" + color);
      ctx.globalAlpha = 0.22;
      ctx.fillRect(left, bbox.top, Math.max(2 * scale, right - left), bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillStyle = themed("--ink");
      ctx.fillText(String(i + 1), Math.max(left, right) + 3 * scale, bbox.top + 2 * scale + (i % 3) * 14 * scale);
    });
  }
  ctx.restore();
}

function clockSpec(runs) {
  const clocks = clocksOf(runs);
  if (!clocks.length) return { empty: "No offset was estimated." };
  const tables = clocks.map(c => offsetTable(c.clock));
  const all = uPlot.join(tables, tables.map(t => t.map(() => 2)));
  const data = [all[0]], series = [], bands = [];
  clocks.forEach(({ color, label }, n) => {
    const [offset, high, low, bound] = all.slice(n * 4 + 1, n * 4 + 5), at = data.length;
    data.push(offset, high, low);
    series.push({ label, color, width: 2, text: (v, i) => `${signed(v, bound[i])} ± ${duration(bound[i])}` });
    for (const edge of ["highest", "lowest"]) series.push({ label, color, width: 0.5, silent: true, text: duration, name: edge });
    bands.push({ series: [at + 1, at + 2], fill: themed("--s" + color) + "26" });
  });
  const changes = clocks.reduce((sum, c) => sum + c.clock.changes.length, 0);
  const spec = {
    name: "Offset of the server's clock over time", data, series, bands, title: i => moment(all[0][i]),
    x: { axis: timeAxis(), range: (u, min, max) => min === max ? [min - 1e9, max + 1e9] : [min, max] },
    y: { axis: latencyAxis(false), range: latencyRange(false, false) },
    hooks: { draw: [u => marks(u, clocks)] },
    summary: () => clocks.map(({ clock, label }) => {
      const s = clock.segments[clock.segments.length - 1];
      return `${label}: ${signed(s.to_offset_ns, s.bound_ns)} at the end, off by ${duration(s.bound_ns)} at most`;
    }).join(". ") + `. ${changes} ${changes === 1 ? "change" : "changes"}`,
  };
  spec.table = () => tableOf(spec, "time");
  return spec;
}
