"use strict";
// The page: its controls, and which charts there are.

const COLORS = 6;

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = data.runs.map((run, i) => ({ run, color: i % COLORS + 1 }));
  const state = { metric: data.metric, log: true, kind: "" };
  const charts = [];

  // logFor is whether the axis of some metrics can be logarithmic.
  const logFor = (...metrics) => state.log && !runs.some(({ run }) => metrics.some(m => run.curves[m]?.values[0] < 0));

  const kinds = errorKinds(runs);
  const kindSelect = element("select", {}, element("option", { value: "" }, "all kinds"), ...kinds.map(k => element("option", { value: k }, k)));
  kindSelect.addEventListener("change", () => {
    state.kind = kindSelect.value;
    drawAll(["errors"]);
  });
  const kindChoice = kinds.length > 1 ? [element("label", {}, "Kind ", kindSelect)] : [];

  const specs = {
    curve: () => curveSpec(runs, state.metric, logFor(state.metric)),
    latency: () => latencySpec(runs, state.metric, logFor(state.metric)),
    heat: host => heatSpec(runs[Number(host.dataset.run)].run, state.metric),
    rate: () => rateSpec(runs),
    errors: () => errorSpec(runs, state.kind, kindChoice),
    clock: () => clockSpec(runs),
  };
  for (const name of ["forward", "reverse"]) {
    specs[name] = () => {
      const log = logFor("forward", "reverse");
      return curveSpec(runs, name, log, commonRange(runs, ["forward", "reverse"], log));
    };
  }

  function drawAll(names) {
    for (const { name, chart } of charts) {
      if (!names || names.includes(name)) chart.draw();
    }
  }

  // mark shows what is chosen.
  function mark() {
    for (const e of document.querySelectorAll("[data-of]")) e.textContent = state.metric;
    for (const row of document.querySelectorAll(".metrics tr[data-metric]")) row.toggleAttribute("aria-current", row.dataset.metric === state.metric);
    for (const b of document.querySelectorAll("[data-axis]")) b.setAttribute("aria-pressed", String((b.dataset.axis === "log") === state.log));
  }

  function choose(more = []) {
    mark();
    drawAll(["curve", "latency", "heat", ...more]);
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.getElementById("theme");

  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : dark.matches;
  }

  function showTheme() {
    theme.setAttribute("aria-pressed", String(isDark()));
    theme.setAttribute("aria-label", "Dark theme");
    theme.textContent = isDark() ? "☾ dark" : "☀ light";
    drawAll();
  }

  function listen() {
    const select = document.getElementById("metric");
    select.append(...data.metrics.map(m => element("option", { value: m, selected: m === state.metric || undefined }, m)));
    select.addEventListener("change", () => {
      state.metric = select.value;
      choose();
    });
    for (const b of document.querySelectorAll("[data-axis]")) {
      b.addEventListener("click", () => {
        state.log = b.dataset.axis === "log";
        choose(["forward", "reverse"]);
      });
    }
    theme.addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      showTheme();
    });
    dark.addEventListener("change", showTheme);
  }

  // Paper is white, and narrower than most screens.
  function print() {
    let before;
    addEventListener("beforeprint", () => {
      before = document.documentElement.dataset.theme;
      document.documentElement.dataset.theme = "light";
      drawAll();
      for (const { chart } of charts) chart.u?.setSize({ width: Math.min(chart.u.width, chart.host.closest(".pair") ? 320 : 680), height: chart.size().height });
    });
    addEventListener("afterprint", () => {
      if (before) document.documentElement.dataset.theme = before;
      else delete document.documentElement.dataset.theme;
      drawAll();
    });
  }

  for (const host of document.querySelectorAll("[data-chart]")) {
    charts.push({ name: host.dataset.chart, chart: new Chart(host, () => specs[host.dataset.chart](host)) });
  }
  listen();
  print();
  document.getElementById("controls").hidden = theme.hidden = false;
  mark();
  showTheme();
  document.documentElement.dataset.ready = "";
})();
