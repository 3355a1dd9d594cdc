"use strict";
// Figures as the text report prints them: three significant digits and the unit that fits.

const UNITS = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];

// fixed is toFixed with halves rounded to even.
function fixed(v, digits) {
  const exact = v.toFixed(digits + 25), kept = exact.slice(0, -25).replace(/\.$/, "");
  const half = /^50*$/.test(exact.slice(-25));
  return half && "02468".includes(kept.slice(-1)) ? kept : v.toFixed(digits);
}

function threeDigits(v) {
  return fixed(v, v < 9.995 ? 2 : v < 99.95 ? 1 : 0);
}

function duration(ns) {
  const sign = ns <= -0.5 ? "-" : "";
  let v = Math.abs(ns), i = 0;
  if (v < 999.5) return sign + fixed(v, 0) + "ns";
  while (v >= 999.5 && i < UNITS.length - 1) { v /= 1e3; i++; }
  return sign + threeDigits(v) + UNITS[i][0];
}

// bounded marks a lower bound: messages without a reply may make it any higher.
function bounded(atLeast, text) {
  return atLeast ? "> " + text : text;
}

function count(n) {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function rate(perSecond) {
  return (perSecond >= 99.95 ? count(Math.floor(perSecond + 0.5)) : threeDigits(perSecond)) + "/s";
}

// signed is a duration with its sign, to two digits of what it may be off by.
function signed(ns, within) {
  const [unit, scale] = UNITS.findLast(([, scale]) => Math.abs(ns) >= scale) || UNITS[0];
  const step = 10 ** Math.ceil(Math.log10(Math.max(1, within / 100)));
  const digits = Math.max(0, Math.min(9, Math.round(Math.log10(scale / step))));
  return (ns < 0 ? "" : "+") + Number((ns / scale).toFixed(digits)) + unit;
}

// tick is a round duration at an axis.
function tick(ns) {
  if (ns === 0) return "0";
  const [unit, scale] = UNITS.findLast(([, scale]) => Math.abs(ns) >= scale * 0.9999) || UNITS[0];
  return Number((ns / scale).toPrecision(10)) + unit;
}

// moment is a time since measuring began: 12.5s, 1:05, 2:00:00.
function moment(ns) {
  const s = ns / 1e9, sign = s < 0 ? "-" : "";
  if (Math.abs(s) < 60) return Number(s.toPrecision(4)) + "s";
  const tenths = Math.round(Math.abs(s) * 10), whole = Math.floor(tenths / 10), two = n => String(n).padStart(2, "0");
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  return sign + (h ? h + ":" + two(m) : m) + ":" + two(whole % 60) + (tenths % 10 ? "." + tenths % 10 : "");
}

// percentile names a share of samples by 1/(1-q) = 10^x.
function percentile(x) {
  const q = 100 * (1 - 10 ** -x);
  return "p" + Number(q.toFixed(Math.max(1, Math.ceil(x))));
}
