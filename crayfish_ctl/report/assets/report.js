// Draws the figures in the page's theme and makes the tables copyable. Needs Plotly, no network.
"use strict";
(() => {
  const panels = JSON.parse(document.getElementById("figures").textContent);
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // Every "var(--name)" becomes the colour that it stands for now.
  const themed = (value) => {
    if (typeof value === "string") {
      const match = /^var\((--[\w-]+)\)$/.exec(value);
      return match ? css(match[1]) : value;
    }
    if (Array.isArray(value)) return value.map(themed);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, themed(v)]));
    }
    return value;
  };

  const axis = (given) => ({
    gridcolor: css("--grid"),
    linecolor: css("--line"),
    zerolinecolor: css("--line"),
    tickcolor: css("--line"),
    ticks: "outside",
    ticklen: 4,
    automargin: true,
    ...given,
    title: { standoff: 10, font: { size: 12, color: css("--ink-soft") }, ...(given.title || {}) },
  });

  const layout = (given) => ({
    ...given,
    autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), size: 12.5, color: css("--ink") },
    margin: { l: 56, r: 16, t: 12, b: 44 },
    hoverlabel: { bgcolor: css("--surface"), bordercolor: css("--line"), font: { family: css("--font"), size: 12.5, color: css("--ink") } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--accent") },
    xaxis: axis(given.xaxis || {}),
    yaxis: axis(given.yaxis || {}),
  });

  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg" },
  };

  const draw = () => {
    for (const [id, panel] of Object.entries(panels)) {
      const spec = themed(panel);
      Plotly.react(document.getElementById(id), spec.data, layout(spec.layout), config);
    }
  };

  const button = document.getElementById("theme");
  const show = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    draw();
  };
  button.addEventListener("click", () => show(root.dataset.theme === "dark" ? "light" : "dark"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (change) => {
    show(change.matches ? "dark" : "light");
  });

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page opened from a file may not have the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const source of document.querySelectorAll("[data-copy]")) {
    const text = source.textContent;
    source.addEventListener("click", async () => {
      await copy(document.getElementById(source.dataset.copy).textContent);
      source.textContent = "Copied";
      setTimeout(() => { source.textContent = text; }, 1200);
    });
  }

  show(root.dataset.theme || "light");
})();
