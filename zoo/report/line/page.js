(() => {
  "use strict";
  const dark = JSON.parse(document.getElementById("dark").textContent);
  const mode = window.matchMedia("(prefers-color-scheme: dark)");
  const places = () => document.querySelectorAll(".js-plotly-plot");

  // The key: a track is shown or hidden on every chart at once.
  const buttons = [...document.querySelectorAll("[data-track]")];
  const apply = () => {
    const off = new Set(buttons.filter((b) => b.getAttribute("aria-pressed") === "false").map((b) => b.dataset.track));
    for (const place of places()) {
      Plotly.restyle(place, { visible: place.data.map((trace) => !off.has(trace.legendgroup)) });
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
      apply();
    });
  }
  const paint = () => {
    for (const swatch of document.querySelectorAll("i[data-color]")) {
      const color = swatch.dataset.color;
      swatch.style.background = mode.matches ? dark[color] ?? color : color;
    }
  };
  paint();
  mode.addEventListener("change", () => { paint(); apply(); });

  // Paper is white, has no folds, and is as wide as it is.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
    window.zooDraw(false);
    apply();
    for (const place of places()) Plotly.relayout(place, { width: 660 });
  });
  window.addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
    window.zooDraw(mode.matches);
    apply();
    for (const place of places()) Plotly.relayout(place, { autosize: true });
  });
})();
