(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const charts = read("charts"), dark = read("dark");
  const mode = window.matchMedia("(prefers-color-scheme: dark)");

  // Charts are written in the colours of a light page; a dark one swaps each for its counterpart.
  const painted = (value) => {
    if (typeof value === "string") return dark[value] ?? value;
    if (Array.isArray(value)) return value.map(painted);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, painted(inner)]));
    }
    return value;
  };
  const options = {
    displaylogo: false, responsive: true, showTips: false,
    modeBarButtons: [["toImage", "resetScale2d"]],  // none of those that would send anything anywhere
  };
  const draw = (onDark) => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const written = charts[place.dataset.chart];
      const chart = onDark ? painted(written) : structuredClone(written);
      Plotly.react(place, chart.data, chart.layout, options);
    }
  };
  draw(mode.matches);
  mode.addEventListener("change", () => draw(mode.matches));
  window.zooDraw = draw;  // for whoever prints

  // A click on a heading sorts by it, numbers by their full value; what has none stays last.
  const sort = (heading) => {
    const table = heading.closest("table"), body = table.tBodies[0], place = heading.cellIndex;
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => {
      const cell = row.cells[place];
      return heading.classList.contains("n") ? (cell.dataset.v === undefined ? null : Number(cell.dataset.v)) : cell.textContent;
    };
    const compare = (a, b) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      return up ? order : -order;
    };
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort((a, b) => compare(a[0], b[0])).forEach(([, row]) => body.append(row));
  };
  // A button within each heading is what a keyboard and a screen reader find.
  for (const heading of document.querySelectorAll("thead th")) {
    heading.classList.add("sorts");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.addEventListener("click", () => sort(heading));
  }
})();
