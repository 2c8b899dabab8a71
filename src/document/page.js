"use strict";
// Sorting, filtering and opening of tables. The page is complete without it.

const text = (cell) => cell.textContent.trim();
// The first number of a cell; a minus sign is a minus.
const number = (cell) => {
  const found = text(cell).replaceAll("\u2212", "-").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i);
  return found ? Number(found[0]) : Number.NEGATIVE_INFINITY;
};
const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

// Units that move together: rows of a table, or rows with what they open to.
const units = (table) => table.matches(".explorer")
  ? [...table.tBodies].map((body) => ({ element: body, cells: body.rows[0].cells }))
  : [...table.tBodies[0].rows].map((row) => ({ element: row, cells: row.cells }));

function sortable(table) {
  const head = table.tHead.rows[0];
  [...head.cells].forEach((cell, at) => {
    if (cell.tagName !== "TH") return;
    const isNumber = cell.classList.contains("number");
    const button = make("button", { type: "button" }, ...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      const first = isNumber ? "descending" : "ascending";
      const other = isNumber ? "ascending" : "descending";
      const order = cell.getAttribute("aria-sort") === first ? other : first;
      for (const one of head.cells) one.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", order);
      const key = isNumber ? number : text;
      const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const sorted = units(table).map((unit) => [key(unit.cells[at]), unit.element]);
      sorted.sort(([a], [b]) => (order === "ascending" ? compare(a, b) : compare(b, a)));
      const parent = table.matches(".explorer") ? table : table.tBodies[0];
      parent.append(...sorted.map(([, element]) => element));
      table.classList.add("sorted");
    });
  });
}

// A field that keeps the rows with all of its words, and a choice for each of the first columns.
function filterable(table, choices) {
  const field = make("input", { type: "search", placeholder: "words in a row" });
  const bar = make("div", { class: "filters" }, make("label", {}, "Filter ", field));
  const heads = [...table.tHead.rows[0].cells].filter((cell) => cell.tagName === "TH");
  const selects = heads.slice(0, choices).map((head) => {
    const at = head.cellIndex;
    const values = [...new Set(units(table).map((unit) => text(unit.cells[at])))];
    const options = values.map((value) => make("option", { value }, value));
    const select = make("select", {}, make("option", { value: "" }, "all"), ...options);
    bar.append(make("label", {}, `${text(head)} `, select));
    return { select, at };
  });
  const count = make("output", { "aria-live": "polite" });
  bar.append(count);
  const apply = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const unit of units(table)) {
      const cells = [...unit.cells].map(text);
      const row = cells.join(" ").toLowerCase();
      const fits = words.every((word) => row.includes(word))
        && selects.every(({ select, at }) => !select.value || select.value === cells[at]);
      unit.element.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${units(table).length} rows`;
  };
  bar.addEventListener("input", apply);
  apply();
  table.parentElement.before(bar);
}

function openable(table) {
  table.tHead.rows[0].prepend(make("td", {}));
  for (const row of table.querySelectorAll("tr.item")) {
    const detail = document.getElementById(row.dataset.detail);
    const name = [...row.cells].slice(0, 3).map(text).join(", ");
    const button = make("button", {
      type: "button", "aria-expanded": "false", "aria-controls": detail.id, "aria-label": `Runs of ${name}`,
    }, "+");
    row.prepend(make("td", { class: "open" }, button));
    detail.cells[0].colSpan += 1;
    detail.hidden = true;
    button.addEventListener("click", () => {
      detail.hidden = !detail.hidden;
      button.setAttribute("aria-expanded", String(!detail.hidden));
      button.textContent = detail.hidden ? "+" : "\u2212";
    });
  }
}

for (const table of document.querySelectorAll("table:not(.detail table)")) {
  const isExplorer = table.matches(".explorer");
  if (isExplorer) openable(table);
  sortable(table);
  if (isExplorer || 12 < table.tBodies[0].rows.length) {
    filterable(table, Number(table.dataset.choices ?? 0));
  }
}
