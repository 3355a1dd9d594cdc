"use strict";
// A chart: a plot with a legend, a cursor for mouse and keyboard, and a text alternative.

// element makes one. What a record holds only ever becomes text.
function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) e.setAttribute(name, value);
  }
  e.append(...children);
  return e;
}

const DASHES = { solid: undefined, dash: [7, 4], dots: [2, 3] };

function swatch(series) {
  return element("span", { class: `swatch ${series.dash || ""} s${series.color}`, "aria-hidden": "true" });
}

// Chart shows what a function makes anew at every change:
//
//	name      of the chart, for those who do not see it
//	empty     a sentence instead of a plot
//	x, y      {ticks: axis, range, log}
//	data      [x, y, y …] as uPlot has it
//	series    of each y: {label, color, dash, width, hidden, silent, values, text(v)}
//	title(i)  of the cursor's place
//	rows(i)   what is there, if it is not the series' values: [{label, text, series}]
//	table()   {head, rows}
//	summary() a sentence on what is to be seen
//	extra     elements beside the legend
class Chart {
  constructor(host, make) {
    this.host = host;
    this.make = make;
    this.off = new Map(); // series that were switched on or off, by label
    this.legend = element("div", { class: "legend" });
    this.plot = element("div", { class: "plot", tabindex: "0", role: "img", "aria-describedby": "keys" });
    this.tip = element("div", { class: "tip", hidden: "" });
    this.details = element("details", {}, element("summary", {}, "Data as a table"));
    this.details.addEventListener("toggle", () => this.fillTable());
    this.plot.addEventListener("keydown", event => this.key(event));
    this.plot.addEventListener("blur", () => this.leave());
    host.append(this.legend, this.plot, this.details);
    new ResizeObserver(() => this.resize()).observe(this.plot);
  }

  draw() {
    const spec = this.spec = this.make();
    this.u?.destroy();
    this.u = null;
    this.at = null;
    this.plot.replaceChildren();
    this.legend.replaceChildren(...(spec.empty ? [] : this.buttons()), ...(spec.extra || []));
    this.plot.hidden = this.details.hidden = Boolean(spec.empty);
    if (spec.empty) {
      this.legend.replaceChildren(element("span", { class: "note" }, spec.empty), ...(spec.extra || []));
      return;
    }
    this.plot.setAttribute("aria-label", spec.name + ". " + spec.summary());
    this.u = new uPlot(this.options(), spec.data, this.plot);
    this.u.over.append(this.tip);
    this.tip.hidden = true;
    this.fillTable();
  }

  shown(s) {
    return this.off.has(s.label) ? !this.off.get(s.label) : !s.hidden;
  }

  // buttons switch series on and off; several of one name go together.
  buttons() {
    const seen = new Set();
    return this.spec.series.filter(s => !s.silent && !seen.has(s.label) && seen.add(s.label)).map(s => {
      const b = element("button", { type: "button", "aria-pressed": String(this.shown(s)) }, swatch(s), s.label);
      b.addEventListener("click", () => {
        this.off.set(s.label, this.shown(s));
        b.setAttribute("aria-pressed", String(this.shown(s)));
        this.spec.series.forEach((t, i) => t.label === s.label && this.u.setSeries(i + 1, { show: this.shown(t) }));
      });
      return b;
    });
  }

  size() {
    return { width: Math.max(200, this.plot.clientWidth), height: innerWidth < 720 ? 230 : this.spec.height || 300 };
  }

  resize() {
    if (this.u && this.plot.clientWidth && this.u.width !== this.size().width) this.u.setSize(this.size());
  }

  options() {
    const { x, y, series, hooks = {}, bands } = this.spec;
    return {
      ...this.size(), padding: [10, 26, 0, 0], legend: { show: false }, bands,
      cursor: {
        points: { show: !this.spec.bare }, y: Boolean(this.spec.bare), drag: { x: true, y: false, setScale: true },
        dataIdx: (u, s, i) => nearest(u.data[s], i),
      },
      scales: { x: { time: false, range: x.range }, y: { distr: y.log ? 3 : 1, range: y.range } },
      axes: [x.axis, y.axis],
      series: [{}, ...series.map(s => ({
        show: this.shown(s), stroke: s.color ? themed("--s" + s.color) : "transparent", width: s.width ?? 1.75, dash: DASHES[s.dash || "solid"],
        points: { show: false, filter: (u, n) => lonely(u.data[n]), size: 5, fill: s.color ? themed("--s" + s.color) : "transparent" }, paths: s.paths,
      }))],
      hooks: { ...hooks, setCursor: [u => this.moved(u)] },
    };
  }

  // moved shows what is at the cursor.
  moved(u) {
    const i = u.cursor.idx;
    if (i == null || u.cursor.left < 0) {
      this.tip.hidden = true;
      return;
    }
    const rows = this.rows(i);
    this.tip.replaceChildren(element("b", {}, this.spec.title(i, u)), ...rows.map(r =>
      element("div", {}, ...(r.series?.color ? [swatch(r.series)] : []), element("span", {}, r.label), element("span", {}, r.text))));
    this.tip.hidden = rows.length === 0;
    const width = this.tip.offsetWidth, left = u.cursor.left;
    const place = left + width + 18 < u.over.clientWidth ? left + 14 : Math.max(left - width - 14, -AXIS_WIDTH);
    this.tip.style.transform = `translate(${Math.round(place)}px, 8px)`;
  }

  rows(i) {
    const { series, rows, data } = this.spec;
    if (rows) return rows(i, this.u);
    return series.flatMap((s, n) => {
      const at = nearest(data[n + 1], i), v = (s.values || data[n + 1])[at];
      return s.silent || !this.shown(s) || v == null ? [] : [{ label: s.label, text: s.text(v, at), series: s }];
    });
  }

  // key moves the cursor, and says what is there.
  key(event) {
    if (!this.u || event.ctrlKey || event.metaKey || event.altKey) return;
    const data = this.u.data[0], last = data.length - 1, { min, max } = this.u.scales.x;
    const step = event.shiftKey ? Math.max(2, Math.round(data.length / 20)) : 1, from = this.at ?? (data.findIndex(v => v >= min) - 1);
    const moves = { ArrowRight: from + step, ArrowLeft: from - step, Home: 0, End: last };
    if (event.key === "Escape") this.leave();
    else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "0") this.u.setData(this.u.data);
    else if (event.key in moves) this.go(Math.min(last, Math.max(0, moves[event.key])));
    else if (this.spec.vertical && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.go(this.at ?? 0, event.key === "ArrowUp" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  go(i, up = 0) {
    const u = this.u, x = u.data[0][i], { min, max } = u.scales.x;
    this.at = i;
    if (x < min || x > max) u.setScale("x", { min: x - (max - min) / 2, max: x + (max - min) / 2 });
    if (this.spec.vertical) this.row = Math.min(this.spec.vertical - 1, Math.max(0, (this.row ?? Math.floor(this.spec.vertical / 2)) + up));
    const top = this.spec.vertical ? u.over.clientHeight * (1 - (this.row + 0.5) / this.spec.vertical) : u.over.clientHeight / 2;
    u.setCursor({ left: u.valToPos(x, "x"), top });
    const what = this.rows(i).map(r => `${r.label} ${r.text}`).join(", ");
    document.getElementById("live").textContent = `${this.spec.title(i, u)}: ${what || "nothing measured"}`;
  }

  zoom(by) {
    const u = this.u, { min, max } = u.scales.x, xs = u.data[0], half = (max - min) / 2 * by;
    const middle = this.at != null ? xs[this.at] : (min + max) / 2;
    if (middle - half <= xs[0] && middle + half >= xs[xs.length - 1]) u.setData(u.data);
    else u.setScale("x", { min: middle - half, max: middle + half });
  }

  leave() {
    this.at = null;
    this.u?.setCursor({ left: -10, top: -10 });
    this.tip.hidden = true;
  }

  fillTable() {
    if (!this.details.open || this.spec.empty) return;
    const { head, rows } = this.spec.table();
    const body = thin(rows, MOST_ROWS);
    const table = element("table", {},
      element("thead", {}, element("tr", {}, ...head.map(h => element("th", { scope: "col" }, h)))),
      element("tbody", {}, ...body.map(r => element("tr", {}, ...r.map((c, i) => element(i ? "td" : "th", i ? {} : { scope: "row" }, c))))));
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.spec.name + ", data" }, table);
    const note = body.length < rows.length ? [element("p", { class: "note" }, `${body.length} of ${count(rows.length)} rows. The record has all of them.`)] : [];
    this.details.replaceChildren(this.details.firstChild, scroll, ...note);
  }
}

const MOST_ROWS = 120;

// thin takes rows evenly, with the first and the last.
function thin(rows, most) {
  if (rows.length <= most) return rows;
  return Array.from({ length: most }, (_, i) => rows[Math.round(i * (rows.length - 1) / (most - 1))]);
}

// nearest is the index of a value that is there by that of the cursor: lines have different
// points, and what is undefined only belongs to another line. What is null is a gap.
function nearest(values, i) {
  if (values[i] !== undefined) return i;
  for (let d = 1; d < 40; d++) {
    if (values[i - d] !== undefined) return i - d;
    if (values[i + d] !== undefined) return i + d;
  }
  return i;
}

// lonely are the indices of values between two gaps, which no line would show.
function lonely(values) {
  const there = [], out = [];
  values.forEach((v, i) => v !== undefined && there.push(i));
  there.forEach((i, n) => values[i] !== null && values[there[n - 1]] == null && values[there[n + 1]] == null && out.push(i));
  return out;
}

// tableOf is the table of series as they are.
function tableOf(spec, first) {
  const told = spec.series.map((s, n) => [s, spec.data[n + 1]]).filter(([s]) => !s.silent);
  return {
    head: [first, ...told.map(([s]) => s.label)],
    rows: Array.from(spec.data[0], (_, i) => [spec.title(i), ...told.map(([s, values]) => {
      const v = (s.values || values)[i];
      return v == null ? "–" : s.text(v, i);
    })]),
  };
}
