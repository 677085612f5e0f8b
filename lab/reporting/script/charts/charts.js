const drawn = new Map();
const MOST_READ = 8;

class Chart {
  constructor(node) {
    this.node = node;
    this.hidden = new Set();
    this.plot = el("div", { class: "plot" });
    this.readout = el("div", { class: "readout", hidden: true });
    this.legend = el("div", { class: "legend" });
    node.append(this.plot, this.legend);
    this.plot.addEventListener("pointermove", (event) => this.read(event));
    this.plot.addEventListener("pointerdown", (event) => this.read(event));
    this.plot.addEventListener("pointerleave", () => this.leave());
    this.seen = false;
    this.legendOf = "";
  }

  get about() {
    return page.charts[this.node.dataset.chart];
  }

  lines() {
    return this.about.lines
      .filter((line) => !this.hidden.has(line.label))
      .map((line) => (line.series === undefined ? line : { ...line, data: page.series[line.series] }));
  }

  draw() {
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (!this.about || !width) return;
    const lines = this.lines();
    this.scale = scaleOf(lines, width, height);
    this.cursor = svg("line", { class: "cursor", y1: SIDES.top, y2: height - SIDES.bottom, visibility: "hidden" });
    const shapes = lines.flatMap((line) => drawnLine(line, this.scale, width));
    const parts = [axes(this.scale, width, height, this.about.unit), ...shapes, this.cursor];
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...parts);
    this.plot.replaceChildren(picture, this.readout);
    this.drawLegend();
  }

  drawLegend() {
    const labels = new Map();
    for (const line of this.about.lines) if (!labels.has(line.label) || line.role === "middle") labels.set(line.label, line);
    const now = JSON.stringify([...labels.keys()]);
    if (now === this.legendOf) return;
    this.legendOf = now;
    const many = labels.size > 1 || [...labels.keys()].some((label) => label.toLowerCase() !== this.about.title.toLowerCase());
    this.legend.replaceChildren(...(many ? [...labels.values()].map((line) => this.key(line)) : []));
  }

  key(line) {
    const sign = line.role === "constant" ? `curve constant dashed-${line.colour % 3 + 1}` : `curve stroke-${line.colour % 6} dashed-${Math.floor(line.colour / 6) % 4}`;
    const mark = line.role === "dots"
      ? svg("circle", { class: `fill-${line.colour % 6}`, cx: 11, cy: 4, r: 4 }) : svg("path", { class: sign, d: "M0 4H22" });
    const pressed = String(!this.hidden.has(line.label));
    const button = el("button", { type: "button", "aria-pressed": pressed }, svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, mark), line.label);
    button.addEventListener("click", () => {
      if (!this.hidden.delete(line.label)) this.hidden.add(line.label);
      button.setAttribute("aria-pressed", String(!this.hidden.has(line.label)));
      this.draw();
    });
    return button;
  }

  read(event) {
    if (!this.scale) return;
    const box = this.plot.getBoundingClientRect();
    const wanted = this.scale.step(event.clientX - box.left);
    const rows = [];
    let step = null;
    for (const line of this.lines()) {
      if (line.role === "constant" || !line.data.x.length) continue;
      const at = nearest(line.data.x, wanted);
      if (step === null) step = line.data.x[at];
      const ends = line.data.lo ? ` [${shown(line.data.lo[at])}, ${shown(line.data.hi[at])}]` : "";
      const other = line.data.x[at] === step ? "" : ` at ${line.data.x[at].toLocaleString("en")}`;
      rows.push(`${line.label}: ${shown(line.data.y[at])}${ends}${other}`);
    }
    if (step === null) return;
    const x = this.scale.x(step);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", "visible");
    const more = rows.length > MOST_READ ? [`and ${rows.length - MOST_READ} more`] : [];
    const words = [`${step.toLocaleString("en")} ${this.about.unit}`, ...rows.slice(0, MOST_READ), ...more];
    this.readout.replaceChildren(...words.map((text) => el("div", {}, text)));
    this.readout.hidden = false;
    const right = x > box.width / 2;
    this.readout.style.left = right ? "auto" : `${x + 8}px`;
    this.readout.style.right = right ? `${box.width - x + 8}px` : "auto";
  }

  leave() {
    this.readout.hidden = true;
    if (this.cursor) this.cursor.setAttribute("visibility", "hidden");
  }
}

// Drawn when they come into sight: a page may have hundreds.
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = drawn.get(entry.target);
    if (!chart) continue;
    chart.seen = entry.isIntersecting;
    if (chart.seen) chart.draw();
  }
}, { rootMargin: "300px" });
const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const chart = drawn.get(entry.target);
    if (chart && chart.seen && chart.plot.clientWidth !== chart.width) {
      chart.width = chart.plot.clientWidth;
      chart.draw();
    }
  }
});

function redraw() {
  for (const [node, chart] of drawn) {
    if (!node.isConnected) {
      sight.unobserve(node);
      sizes.unobserve(node);
      drawn.delete(node);
    } else if (chart.seen) chart.draw();
  }
}

listeners.add(redraw);
addEventListener("beforeprint", () => { for (const chart of drawn.values()) chart.draw(); });
enhancers.push(["[data-chart]", (node) => {
  drawn.set(node, new Chart(node));
  sight.observe(node);
  sizes.observe(node);
}]);
