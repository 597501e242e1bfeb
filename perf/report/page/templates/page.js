// Sorts and filters. The page says all that it has to say without this.
"use strict";

const valueOf = (row, column) => {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  const number = Number.parseFloat(text);
  return Number.isNaN(number) ? text.toLowerCase() : number;
};

const compare = (one, other) => {
  if (typeof one === typeof other) return one < other ? -1 : one > other ? 1 : 0;
  return typeof one === "number" ? -1 : 1; // what was not measured comes last
};

const sortBy = (table, heading) => {
  const isAscending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
  const sign = isAscending ? 1 : -1;
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => sign * compare(valueOf(one, heading.cellIndex), valueOf(other, heading.cellIndex)));
  table.tBodies[0].append(...rows);
};

for (const table of document.querySelectorAll("table.sortable")) {
  for (const heading of table.tHead.rows[0].cells) {
    if (heading.classList.contains("drawn")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, heading));
    heading.append(button);
  }
}

const filtered = document.querySelectorAll("[data-row]");
const filter = (text) => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of filtered) {
    row.hidden = !words.every((word) => row.dataset.row.toLowerCase().includes(word));
    shown += row.matches("details") && !row.hidden;
  }
  return shown;
};

const controls = document.createElement("form");
controls.className = "controls";
controls.setAttribute("role", "search");
controls.innerHTML =
  '<label for="filter">Rows with</label><input id="filter" type="search" placeholder="openvino regressed" autocomplete="off">' +
  '<span role="status"></span><button type="button" data-open="1">Open all</button><button type="button">Close all</button>';
controls.addEventListener("submit", (event) => event.preventDefault());
controls.querySelector("input").addEventListener("input", (event) => {
  const shown = filter(event.target.value);
  controls.querySelector("[role=status]").textContent = event.target.value ? `${shown} shown` : "";
});
for (const button of controls.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    for (const details of document.querySelectorAll("details.row:not([hidden])")) details.open = "open" in button.dataset;
  });
}
document.querySelector("header").append(controls);
