// A probability and its interval on a line from 0 to 1, beside the numbers that the table says.
enhancers.push([".estimate", (node) => {
  const [value, low, high] = ["value", "low", "high"].map((name) => Number(node.dataset[name]));
  const x = (probability) => 6 + 128 * probability;
  const across = (kind, from, to) => svg("line", { class: kind, x1: x(from), x2: x(to), y1: 8, y2: 8 });
  const parts = [across("whole", 0, 1), svg("line", { class: "even", x1: x(0.5), x2: x(0.5), y1: 1, y2: 15 })];
  if (node.dataset.low !== undefined) parts.push(across("reach", low, high));
  parts.push(svg("circle", { class: "fill-0", cx: x(value), cy: 8, r: 4 }));
  node.append(svg("svg", { viewBox: "0 0 140 16", "aria-hidden": "true" }, ...parts));
}]);
