function shown(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2);
  return size >= 1e4 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}

function tick(value) {
  const size = Math.abs(value);
  if (size >= 1e12 || (size !== 0 && size < 1e-3)) return value.toExponential(0);
  for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit) return Number((value / unit).toPrecision(4)) + letter;
  }
  return String(Number(value.toPrecision(4)));
}

// The value by which a cell is sorted: its own, or the first number in its text; a text where there is none.
function sortable(cell) {
  if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
  const text = cell.textContent.trim();
  const found = text.replaceAll(",", "").match(/^[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?/i);
  return found ? Number(found[0]) : text;
}
