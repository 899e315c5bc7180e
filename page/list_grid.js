// list_grid.js - a grid of very many rows, of which only those that are seen
// are elements. Their elements are used again and again: scrolling by a row
// moves one element from the beginning to the end, and fills it anew.
//
// All rows have one height, which the style sheet says (--row of the grid). The
// keyboard's focus is on the grid, and aria-activedescendant names the active
// row: an element that is used again must not have the focus itself.

import { make } from "./dom.js";

const SPARE = 4; // rows before and behind those that are seen

/*
 * columns: [{name, label}]. ops: fillCell(cell, name, entry) shows a
 * member; isSpan(entry): it is one cell over all columns, filled as the member
 * ""; idOf(entry), open(entry, inWindow), sort(name).
 */
export function makeGrid(label, columns, ops) {
  const head = make("div", { role: "row", "aria-rowindex": 1 },
    ...columns.map(({ name, label: text }) =>
      make("div", { role: "columnheader", class: `cell ${name}` },
        make("button", { class: "quiet", onclick: () => ops.sort(name) }, text))));
  const body = make("div", { role: "rowgroup", class: "rows" });
  const grid = make("div", {
    role: "grid", class: "grid", tabindex: 0, "aria-label": label,
    "aria-colcount": columns.length, onscroll: () => later(), onclick: click,
    ondblclick: doubleClick,
  }, make("div", { role: "rowgroup", class: "heads" }, head), body);

  let entries = [];
  const pool = []; // elements of the rows from poolFrom on
  let poolFrom = 0;
  let numbers = 0;
  let active = null; // id
  let frame = 0;
  let height = 0; // of a row; 0: not known
  let firstSeen = 0;
  let seenCount = 0;

  const indexOf = (id) => (id === null ? -1 : entries.findIndex((e) => ops.idOf(e) === id));
  const indexOfElement = (element) => {
    const row = element.closest(".rows > [role=row]");
    return row ? Number(row.dataset.index) : -1;
  };

  function click(event) {
    const index = indexOfElement(event.target);
    if (index >= 0) choose(index, false);
  }

  function doubleClick(event) {
    const index = indexOfElement(event.target);
    if (index >= 0 && !event.target.closest("a, button")) ops.open(entries[index], false);
  }

  function makeRow() {
    const cells = columns.map(({ name }, i) =>
      make("div", { role: "gridcell", class: `cell ${name}`, "aria-colindex": i + 1 }));
    const span = make("div", { role: "gridcell", class: "cell span", "aria-colindex": 1,
      "aria-colspan": columns.length });
    const row = make("div", { role: "row", id: `row-${numbers++}` });
    return { row, cells, span, isSpan: null };
  }

  function fillRow(used, index) {
    const { row, cells, span } = used;
    const entry = entries[index];
    const isSpan = ops.isSpan(entry);
    if (used.isSpan !== isSpan) {
      row.replaceChildren(...(isSpan ? [span] : cells));
      row.classList.toggle("group", isSpan);
      used.isSpan = isSpan;
    }
    if (row.dataset.index !== String(index)) {
      row.dataset.index = index;
      row.setAttribute("aria-rowindex", index + 2);
      row.style.transform = `translateY(${index * height}px)`;
      row.classList.toggle("odd", index % 2 === 1);
    }
    if (isSpan) ops.fillCell(span, "", entry);
    else columns.forEach(({ name }, i) => ops.fillCell(cells[i], name, entry));
    const isActive = ops.idOf(entry) === active;
    if (isActive !== row.classList.contains("active")) {
      row.classList.toggle("active", isActive);
      row.setAttribute("aria-selected", isActive);
    }
    if (isActive) grid.setAttribute("aria-activedescendant", row.id);
  }

  // The elements of rows that are still shown stay what they are.
  function turn(from) {
    for (let by = from - poolFrom; by > 0 && by < pool.length; by--) {
      pool.push(pool.shift());
      body.append(pool.at(-1).row);
    }
    for (let by = poolFrom - from; by > 0 && by < pool.length; by--) {
      pool.unshift(pool.pop());
      body.prepend(pool[0].row);
    }
    poolFrom = from;
  }

  function fit(wanted) {
    while (pool.length < wanted) {
      pool.push(makeRow());
      body.append(pool.at(-1).row);
    }
    while (pool.length > wanted) pool.pop().row.remove();
  }

  function measure() {
    const style = getComputedStyle(grid);
    const now = parseFloat(style.getPropertyValue("--row"));
    if (now !== height) for (const { row } of pool) delete row.dataset.index;
    height = now;
  }

  // All reading of sizes first, then all writing: one layout.
  function draw() {
    frame = 0;
    measure();
    const room = grid.clientHeight;
    const above = Math.min(grid.scrollTop, Math.max(0, entries.length * height - room));
    firstSeen = Math.max(0, Math.floor(above / height));
    seenCount = Math.min(entries.length - firstSeen, Math.ceil(room / height) + 1);
    const size = Math.min(entries.length, Math.ceil(room / height) + 1 + 2 * SPARE);
    const from = Math.max(0, Math.min(firstSeen - SPARE, entries.length - size));
    body.style.height = `${entries.length * height}px`;
    grid.setAttribute("aria-rowcount", entries.length + 1);
    grid.removeAttribute("aria-activedescendant");
    fit(size);
    turn(from);
    pool.forEach((used, i) => fillRow(used, from + i));
  }

  const later = () => {
    frame ||= requestAnimationFrame(draw);
  };

  function scrollTo(index) {
    const head = grid.firstElementChild.offsetHeight;
    const top = index * height;
    const room = grid.clientHeight - head;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + height > grid.scrollTop + room) grid.scrollTop = top + height - room;
  }

  function choose(index, isScrolling = true) {
    if (entries.length === 0) return;
    const at = Math.max(0, Math.min(index, entries.length - 1));
    active = ops.idOf(entries[at]);
    if (isScrolling) scrollTo(at);
    later();
  }

  const sizes = new ResizeObserver(later);
  sizes.observe(grid);

  return {
    element: grid,
    show: (list) => {
      entries = list;
      later();
    },
    sortedBy: (sort) => columns.forEach(({ name }, i) => {
      const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : null;
      if (order) head.children[i].setAttribute("aria-sort", order);
      else head.children[i].removeAttribute("aria-sort");
    }),
    refresh: later,
    seen: () => entries.slice(firstSeen, firstSeen + seenCount),
    active: () => entries[indexOf(active)] ?? null,
    choose: (id) => choose(indexOf(id)),
    // By so many rows; from none, to the first one that is seen.
    move: (by) => {
      const index = indexOf(active);
      choose(index < 0 ? firstSeen : index + by);
    },
    first: () => choose(0),
    last: () => choose(entries.length - 1),
    page: () => Math.max(1, seenCount - 2),
    end: () => {
      sizes.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
