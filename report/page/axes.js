"use strict";
// Scales and where their axes have ticks.

const AXIS_WIDTH = 66;

function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// room is how many pixels the values have, roughly: axes are laid out before that is known.
function room(u) {
  return { width: u.width - AXIS_WIDTH - 26, height: u.height - 44 };
}

// rounds are the multiples of a step in a range.
function rounds(from, to, step) {
  const out = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9 && out.length < 50; i++) {
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

// niceStep is a step of 1, 2 or 5 that cuts a range in few pieces.
function niceStep(range, pieces) {
  const rough = range / pieces, ten = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find(n => n * ten >= rough * 0.999) * ten;
}

function linearTicks(u, axis, min, max) {
  return rounds(min, max, niceStep(max - min, Math.max(2, room(u).height / 42)));
}

// logTicks are powers of ten, with 2 and 5 between them where there is room; a range
// of less than a decade has those of a linear axis.
function logTicks(u, axis, min, max) {
  const decades = Math.log10(max / min);
  if (decades < 1) return linearTicks(u, axis, min, max).filter(v => v > 0);
  const decade = room(u).height / decades, digits = decade > 84 ? [1, 2, 5] : decade > 52 ? [1, 3] : [1];
  const skip = Math.max(1, Math.ceil(22 / decade)), out = [];
  for (let e = Math.floor(Math.log10(min)); e <= Math.log10(max); e++) {
    if (e % skip !== 0) continue;
    for (const d of digits) out.push(d * 10 ** e);
  }
  return out.filter(v => v >= min && v <= max);
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

function timeTicks(u, axis, min, max) {
  const rough = (max - min) / Math.max(2, room(u).width / 90);
  const step = rough < 1e9 ? niceStep(rough, 1) : 1e9 * (TIME_STEPS.find(s => s * 1e9 >= rough) || niceStep(rough / 1e9, 1));
  return rounds(min, max, step);
}

// latencyRange is that of a latency axis: from zero, unless all values are far from it.
function latencyRange(log, fromZero = true) {
  return (u, min, max) => {
    if (min == null) return log ? [1, 10] : [0, 1];
    if (log) {
      const pad = Math.max(1.02, (max / min) ** 0.04);
      return [min / pad, max * pad];
    }
    const pad = (max - min) * 0.06 || Math.abs(max) * 0.05 || 1;
    const near = fromZero && min >= 0 && max - min > max * 0.1;
    return [near ? 0 : min - pad, max + pad];
  };
}

function axisStyle(more) {
  return Object.assign({
    stroke: themed("--muted"), font: "12px system-ui, sans-serif", grid: { stroke: themed("--grid"), width: 1 },
    ticks: { stroke: themed("--line"), width: 1, size: 5 }, gap: 6,
  }, more);
}

function latencyAxis(log, text = tick) {
  return axisStyle({ size: AXIS_WIDTH, splits: log ? logTicks : linearTicks, filter: (u, splits) => splits, values: (u, splits) => splits.map(text) });
}

function timeAxis() {
  return axisStyle({ size: 34, splits: timeTicks, values: (u, splits) => splits.map(moment) });
}
