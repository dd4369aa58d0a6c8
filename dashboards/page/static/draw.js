// Panels that are drawn as text: numbers, tiles, bars, tables. Each puts an answer's rows into the panel's body.

import { change, written } from "./words.js";

/** A node of its own, kept from one drawing to the next, so that only what changed moves. */
export function part(parent, name, className) {
  let found = parent.firstElementChild;
  if (!found || parent.childElementCount > 1 || found.localName !== name || found.className !== className) {
    found = document.createElement(name);
    found.className = className;
    parent.replaceChildren(found);
  }
  return found;
}

function children(parent, count, make) {
  while (parent.childElementCount > count) parent.lastElementChild.remove();
  while (parent.childElementCount < count) parent.append(make());
  return [...parent.children];
}

function element(name, className, ...inside) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...inside);
  return made;
}

export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function colour(column, value) {
  let found = column.colour;
  for (const [from, then] of column.limits) if (from === null || Number(value) >= from) found = then;
  return found;
}

const cell = (drawn, row, name) => row[drawn.columns.indexOf(name)];

function number(node, name, text, value, column) {
  const [label, figure] = node.children;
  put(label, name);
  put(figure, text);
  node.style.setProperty("--digits", Math.max(4, text.length));
  node.style.setProperty("--colour", colour(column, value));
  node.classList.toggle("limited", column.limits.length > 0 && value !== null);
  node.classList.toggle("absent", value === null);
}

const figure = () => element("div", "figure", element("dt", ""), element("dd", ""));

export function numbers(body, panel, drawn) {
  const list = part(body, "dl", panel.columns.length > 3 ? "ledger" : "figures");
  const [row] = drawn.rows;
  children(list, panel.columns.length, figure).forEach((node, index) => {
    const column = panel.columns[index];
    const value = cell(drawn, row, column.name);
    // A share beside a number tells how that has changed.
    const changed = index > 0 && column.unit === "share";
    number(node, column.name, changed && value !== null ? change(value) : written(value, column), value, column);
    node.classList.toggle("change", changed);
  });
}

export function tiles(body, panel, drawn) {
  const list = part(body, "dl", "tile-list");
  const [column] = panel.columns;
  children(list, drawn.rows.length, figure).forEach((node, index) => {
    const row = drawn.rows[index];
    const value = cell(drawn, row, column.name);
    number(node, String(row[0]), written(value, column), value, column);
  });
}

export function bars(body, panel, drawn) {
  const list = part(body, "ol", "bar-list");
  const [column] = panel.columns;
  const values = drawn.rows.map((row) => Number(cell(drawn, row, column.name)));
  const most = Math.max(...values, 1);
  const make = () => element("li", "", element("bdi", "name"), element("span", "value"), element("span", "bar"));
  children(list, drawn.rows.length, make).forEach((node, index) => {
    const [name, value, bar] = node.children;
    put(name, String(drawn.rows[index][0]));
    put(value, written(values[index], column));
    bar.style.setProperty("--share", Math.max(0, values[index] / most));
    bar.style.setProperty("--colour", column.colour);
  });
}

export function table(body, panel, drawn) {
  const made = part(body, "table", "rows");
  const declared = drawn.columns.map((name) => panel.columns.find((column) => column.name === name));
  const heads = drawn.columns.map((name, index) => {
    const head = element("th", declared[index] ? "right" : "", declared[index] ? name : "");
    head.scope = "col";
    return head;
  });
  const lines = drawn.rows.map((row) => {
    const cells = row.map((value, index) => {
      const column = declared[index];
      if (!column) return element("td", "name", element("bdi", "", String(value)));
      const made = element("td", "right", written(value, column));
      made.style.setProperty("--colour", colour(column, value));
      made.classList.toggle("limited", column.limits.length > 0 && value !== null);
      made.classList.toggle("absent", value === null);
      return made;
    });
    return element("tr", "", ...cells);
  });
  made.style.setProperty("--rows", Math.max(3, lines.length));
  made.replaceChildren(element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...lines));
}
