"use strict";
// Heat maps: time to the right, latency upwards, the colour says how many samples.

// unpack restores the cells without a sample.
function unpack(heat) {
  const out = new Float64Array(heat.columns * heat.rows);
  let at = 0;
  for (const n of heat.cells) {
    if (n < 0) at -= n;
    else out[at++] = n;
  }
  return out;
}

function rowEdge(heat, row) {
  const share = row / heat.rows;
  return heat.log ? heat.low * (heat.high / heat.low) ** share : heat.low + (heat.high - heat.low) * share;
}

function channels(color) {
  return [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
}

// ramp returns the colour of a share from 0 to 1.
function ramp() {
  const stops = ["--heat0", "--heat1", "--heat2"].map(name => channels(themed(name)));
  return share => {
    const at = Math.min(1, Math.max(0, share)) * 2, i = Math.min(1, Math.floor(at));
    return `rgb(${stops[i].map((c, n) => Math.round(c + (stops[i + 1][n] - c) * (at - i))).join(" ")})`;
  };
}

// paint draws the cells; counts are on a logarithmic scale, so that a few outliers are seen.
function paint(u, heat, cells) {
  const most = cells.reduce((a, b) => Math.max(a, b)), color = ramp(), { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const ys = Array.from({ length: heat.rows + 1 }, (_, r) => Math.round(u.valToPos(rowEdge(heat, r), "y", true)));
  for (let c = 0; c < heat.columns; c++) {
    const left = Math.round(u.valToPos(heat.from + c * heat.width, "x", true));
    const right = Math.round(u.valToPos(heat.from + (c + 1) * heat.width, "x", true));
    for (let r = 0; r < heat.rows; r++) {
      const n = cells[c * heat.rows + r];
      if (!n) continue;
      ctx.fillStyle = color(Math.log(n) / Math.log(Math.max(2, most)));
      ctx.fillRect(left, ys[r + 1], Math.max(1, right - left), Math.max(1, ys[r] - ys[r + 1]));
    }
  }
  ctx.restore();
}

function heatSpec(run, metric) {
  const heat = run.heat[metric];
  if (!heat) return { empty: `No interval has samples of ${metric}.` };
  const cells = unpack(heat), most = cells.reduce((a, b) => Math.max(a, b));
  const xs = Array.from({ length: heat.columns }, (_, c) => heat.from + (c + 0.5) * heat.width);
  const span = r => `${duration(rowEdge(heat, r))} to ${duration(rowEdge(heat, r + 1))}`;
  const title = c => `${moment(xs[c] - heat.width / 2)} to ${moment(xs[c] + heat.width / 2)}`;
  const row = u => {
    const v = u.posToVal(u.cursor.top, "y"), share = heat.log ? Math.log(v / heat.low) / Math.log(heat.high / heat.low) : (v - heat.low) / (heat.high - heat.low);
    return Math.min(heat.rows - 1, Math.max(0, Math.floor(share * heat.rows + 1e-6)));
  };
  const sum = c => cells.subarray(c * heat.rows, (c + 1) * heat.rows).reduce((a, b) => a + b, 0);
  return {
    name: `Distribution of ${metric} over time`, bare: true, vertical: heat.rows, data: [xs, xs.map(() => null)], title, height: 260,
    series: [{ label: "samples", silent: true, text: count }],
    rows: (c, u) => [{ label: span(row(u)), text: count(cells[c * heat.rows + row(u)]) }, { label: "all samples", text: count(sum(c)) }],
    x: { axis: timeAxis(), range: (u, min, max) => min === max || min <= xs[0] && max >= xs[xs.length - 1] ? [heat.from, heat.from + heat.columns * heat.width] : [min, max] },
    y: { log: heat.log, axis: latencyAxis(heat.log), range: () => [heat.low, heat.high] },
    hooks: { drawClear: [u => paint(u, heat, cells)] },
    extra: [element("span", { class: "ramp" }, "1", element("i"), count(most) + " samples, log scale")],
    summary: () => `${count(heat.columns)} columns of ${moment(heat.width)}, values from ${duration(heat.low)} to ${duration(heat.high)}, up to ${count(most)} samples in a cell`,
    table: () => ({
      head: ["time", "samples", "most frequent"],
      rows: xs.map((_, c) => {
        const column = cells.subarray(c * heat.rows, (c + 1) * heat.rows), peak = column.reduce((best, n, r) => n > column[best] ? r : best, 0);
        return [title(c), count(sum(c)), sum(c) ? span(peak) : "–"];
      }),
    }),
  };
}
