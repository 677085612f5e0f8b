// Runs side by side: which columns are shown, and whether settings that are equal are.
const FIRST_SHOWN = 4;
// By a run's heading; the live page makes the table anew.
const columns = new Map();
let equalToo = false;

enhancers.push(["table.sides", (table) => {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const isShown = (head, column) => columns.get(head.textContent) ?? column < FIRST_SHOWN;
  const show = (column, on) => {
    for (const row of table.rows) row.cells[column + 1].hidden = !on;
    mark();
  };
  const mark = () => {
    for (const row of table.tBodies[0].rows) {
      const seen = [...row.cells].slice(1).filter((cell) => !cell.hidden).map((cell) => cell.textContent);
      const alike = row.querySelector("code") !== null && new Set(seen).size <= 1;
      row.classList.toggle("alike", alike);
      row.hidden = alike && !equal.checked;
    }
  };
  const equal = el("input", { type: "checkbox", class: "equal" });
  equal.checked = equalToo;
  equal.addEventListener("change", () => {
    equalToo = equal.checked;
    mark();
  });
  const boxes = heads.map((head, column) => {
    const box = el("input", { type: "checkbox" });
    box.checked = isShown(head, column);
    box.addEventListener("change", () => {
      columns.set(head.textContent, box.checked);
      show(column, box.checked);
    });
    return el("label", {}, box, head.textContent);
  });
  const place = table.closest(".wide-table");
  place.before(el("div", { class: "chosen" }, ...(heads.length > 2 ? boxes : [])));
  place.before(el("div", { class: "chosen" }, el("label", {}, equal, "Equal settings too")));
  heads.forEach((head, column) => show(column, isShown(head, column)));
}]);
