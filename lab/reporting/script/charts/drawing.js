const SIDES = { left: 52, right: 10, top: 8, bottom: 32 };

// Where lines lie: the ranges of steps and values that a chart has to show, and how they fall on its pixels.
function scaleOf(lines, width, height) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  const wide = (value) => {
    if (chosen.logarithmic && value <= 0) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const line of lines) {
    if (line.role === "constant") {
      wide(line.value);
      continue;
    }
    const { x, y, lo, hi } = line.data;
    if (!x.length) continue;
    left = Math.min(left, x[0]);
    right = Math.max(right, x[x.length - 1]);
    for (const values of [y, lo, hi]) for (const value of values || []) wide(value);
  }
  const logarithmic = chosen.logarithmic && low > 0 && low !== Infinity;
  if (low === Infinity) [low, high] = [0, 1];
  if (left === Infinity) [left, right] = [0, 1];
  if (left === right) [left, right] = [left - 1, right + 1];
  if (low === high) [low, high] = logarithmic ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const along = (value) => (logarithmic ? Math.log10(Math.max(value, low)) : value);
  const [bottom, top] = [along(low), along(high)];
  return {
    left, right, low, high, logarithmic,
    x: (step) => SIDES.left + (step - left) / (right - left) * (width - SIDES.left - SIDES.right),
    y: (value) => height - SIDES.bottom - (along(value) - bottom) / (top - bottom) * (height - SIDES.top - SIDES.bottom),
    step: (pixel) => left + (pixel - SIDES.left) / (width - SIDES.left - SIDES.right) * (right - left),
  };
}

const point = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;

function pathOf(xs, ys, scale) {
  let path = "", pen = "M";
  for (let i = 0; i < xs.length; i += 1) {
    if (scale.logarithmic && ys[i] <= 0) {
      pen = "M";
      continue;
    }
    path += pen + point(scale.x(xs[i]), scale.y(ys[i]));
    pen = "L";
  }
  return path;
}

function bandOf({ x, lo, hi }, scale) {
  const upper = x.map((step, i) => point(scale.x(step), scale.y(hi[i])));
  const lower = x.map((step, i) => point(scale.x(step), scale.y(lo[i]))).reverse();
  return `M${upper.join("L")}L${lower.join("L")}Z`;
}

function axes(scale, width, height, unit) {
  const lines = [], words = [];
  const rows = scale.logarithmic ? logTicks(scale.low, scale.high) : linearTicks(scale.low, scale.high, 4);
  for (const value of rows) {
    const y = scale.y(value);
    lines.push(svg("line", { x1: SIDES.left, x2: width - SIDES.right, y1: y, y2: y }));
    words.push(svg("text", { x: SIDES.left - 6, y: y + 4, "text-anchor": "end" }, tick(value)));
  }
  for (const step of linearTicks(scale.left, scale.right, Math.max(2, Math.floor(width / 95)))) {
    words.push(svg("text", { x: scale.x(step), y: height - SIDES.bottom + 15, "text-anchor": "middle" }, tick(step)));
  }
  words.push(svg("text", { x: (width + SIDES.left) / 2, y: height - 2, "text-anchor": "middle" }, unit));
  return svg("g", { class: "axis" }, ...lines, ...words);
}

function drawnLine(line, scale, width) {
  if (line.role === "constant") {
    const y = scale.y(line.value);
    return [svg("path", { class: `curve constant dashed-${line.colour % 3 + 1}`, d: `M${SIDES.left} ${y}H${width - SIDES.right}` })];
  }
  const { x, y, lo } = line.data;
  if (!x.length) return [];
  const [colour, dash] = [line.colour % 6, Math.floor(line.colour / 6) % 4];
  const found = [];
  if (line.role === "dots" || x.length === 1) {
    return x.map((step, i) => svg("circle", { class: `fill-${colour}`, cx: scale.x(step), cy: scale.y(y[i]), r: 4 }));
  }
  if (lo && line.role !== "run") found.push(svg("path", { class: `band fill-${colour}`, d: bandOf(line.data, scale) }));
  const kind = (more) => `curve ${line.role} ${more} stroke-${colour} dashed-${dash}`;
  const strength = line.exact ? 0 : chosen.smoothing;
  if (strength && line.role === "line") {
    found.push(svg("path", { class: kind("pale"), d: pathOf(x, y, scale) }));
  }
  found.push(svg("path", { class: kind(""), d: pathOf(x, smoothed(y, strength), scale) }));
  return found;
}
