// Tables that are wider than their place say so, and those of runs and evaluations are sorted by a click.
const overflow = new ResizeObserver((entries) => {
  for (const { target } of entries) hintAt(target);
});

function hintAt(scroll) {
  scroll.parentElement.classList.toggle("overflows", scroll.scrollWidth > scroll.clientWidth + 1);
}

enhancers.push([".scroll", (scroll) => {
  overflow.observe(scroll);
  if (scroll.firstElementChild) overflow.observe(scroll.firstElementChild);
  hintAt(scroll);
}]);

function compared(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

// By the part of the page; the live page makes tables anew.
const orders = new Map();
const partOf = (table) => table.closest("[data-part]")?.dataset.part;

function sortBy(table, column, down) {
  const head = table.tHead.rows[0].cells[column];
  orders.set(partOf(table), [column, down]);
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const value = (row) => sortable(row.cells[column]);
  const empty = (key) => key === "" || key === "–";
  const rows = [...body.rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    // What has no value stands last either way.
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return down ? compared(b, a) : compared(a, b);
  });
  body.append(...rows);
}

enhancers.push(["table:not(.sides)", (table) => {
  if (table.tBodies[0].rows.length < 2) return;
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = el("button", { type: "button", title: "Sort by this column" }, ...cell.childNodes);
    button.addEventListener("click", () => sortBy(table, column, cell.getAttribute("aria-sort") === "ascending"));
    cell.replaceChildren(button);
  });
  const order = orders.get(partOf(table));
  if (order && order[0] < table.tHead.rows[0].cells.length) sortBy(table, ...order);
}]);
