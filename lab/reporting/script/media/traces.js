// What is drawn beside an episode, frame by frame.
const WIDTH = 320, HEIGHT = 96;

function summed(rewards) {
  let total = 0;
  return [0, ...rewards.map((reward) => (total += reward ?? 0))];
}

class ReturnCurve {
  constructor(rewards, seek) {
    this.sums = summed(rewards);
    const low = Math.min(...this.sums), high = Math.max(...this.sums);
    const range = high > low ? high - low : 1;
    this.x = (frame) => 2 + frame / Math.max(1, this.sums.length - 1) * (WIDTH - 4);
    this.y = (value) => HEIGHT - 6 - (value - low) / range * (HEIGHT - 24);
    const path = "M" + this.sums.map((value, i) => point(this.x(i), this.y(value))).join("L");
    this.cursor = svg("line", { class: "cursor", y1: 0, y2: HEIGHT });
    this.dot = svg("circle", { class: "fill-1", r: 4 });
    const words = [svg("text", { x: 4, y: 11 }, shown(high)), svg("text", { x: 4, y: HEIGHT - 8 }, shown(low))];
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "Return so far" },
      svg("path", { class: "curve stroke-0", d: path }), this.cursor, this.dot, ...words);
    const jump = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const box = this.picture.getBoundingClientRect();
      seek(Math.round((event.clientX - box.left) / box.width * (this.sums.length - 1)));
    };
    for (const kind of ["pointerdown", "pointermove"]) this.picture.addEventListener(kind, jump);
    this.node = el("div", { class: "panel" }, el("h5", {}, "Return so far (click to go there)"), this.picture);
  }

  show(frame) {
    const x = this.x(frame);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", this.y(this.sums[frame]));
  }
}

class Bars {
  constructor(title, rows, names) {
    this.rows = rows;
    const all = rows.flat().filter((value) => value !== null);
    this.low = all.reduce((a, b) => Math.min(a, b), 0);
    this.high = all.reduce((a, b) => Math.max(a, b), 0);
    if (this.low === this.high) this.high = this.low + 1;
    this.parts = names.map((name) => ({
      name: el("span", {}, name), fill: el("span", { class: "fill" }), value: el("span", { class: "value" }),
    }));
    const cells = this.parts.flatMap((part) => [part.name, el("span", { class: "track" }, part.fill), part.value]);
    this.node = el("div", { class: "panel" }, el("h5", {}, title), el("div", { class: "bars" }, ...cells));
  }

  show(frame, taken) {
    const row = this.rows[frame];
    const at = (value) => (value - this.low) / (this.high - this.low) * 100;
    this.parts.forEach((part, i) => {
      const value = row ? row[i] ?? null : null;
      part.value.textContent = shown(value);
      part.fill.style.left = `${Math.min(at(0), at(value ?? 0))}%`;
      part.fill.style.width = `${Math.abs(at(value ?? 0) - at(0))}%`;
      part.name.classList.toggle("taken", i === taken);
    });
  }
}

function panelsOf(trace, seek) {
  const found = [new ReturnCurve(trace.rewards, seek)];
  const discrete = trace.actions.every((action) => action.length === 1 && Number.isInteger(action[0]));
  const named = (rows, word) => rows[0].map((_, i) => `${word} ${i}`);
  const taken = (frame) => (discrete && trace.actions[frame] ? trace.actions[frame][0] : -1);
  if (trace.values) {
    const bars = new Bars("Value of each action (bold: taken)", trace.values, named(trace.values, "action"));
    found.push({ node: bars.node, show: (frame) => bars.show(frame, taken(frame)) });
  }
  if (!trace.values || !discrete) found.push(new Bars("Action taken", trace.actions, named(trace.actions, "part")));
  if (trace.observations) found.push(new Bars("Observation", trace.observations, named(trace.observations, "number")));
  return found;
}
