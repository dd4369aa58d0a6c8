// Panels that are drawn as text: numbers, tiles, bars, tables. Each puts an answer's rows into the panel's body.

import { written } from "./words.js";

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

function number(node, name, value, column) {
  const text = written(value, column);
  const [label, figure] = node.children;
  put(label, name);
  put(figure, text);
  node.style.setProperty("--digits", Math.max(4, text.length));
  node.style.setProperty("--colour", colour(column, value));
  node.classList.toggle("limited", column.limits.length > 0);
  node.classList.toggle("change", column.unit === "share");
  node.classList.toggle("absent", value === null);
  node.dataset.sign = Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "";
}

const figure = () => element("div", "figure", element("dt", ""), element("dd", ""));

export function numbers(body, panel, drawn) {
  const list = part(body, "dl", "figures");
  const [row] = drawn.rows;
  children(list, panel.columns.length, figure).forEach((node, index) => {
    const column = panel.columns[index];
    number(node, column.name, cell(drawn, row, column.name), column);
  });
}

export function tiles(body, panel, drawn) {
  const list = part(body, "dl", "tile-list");
  const [column] = panel.columns;
  children(list, drawn.rows.length, figure).forEach((node, index) => {
    const row = drawn.rows[index];
    number(node, String(row[0]), cell(drawn, row, column.name), column);
  });
}

export function bars(body, panel, drawn) {
  const list = part(body, "ol", "bar-list");
  const [column] = panel.columns;
  const values = drawn.rows.map((row) => Number(cell(drawn, row, column.name)));
  const most = Math.max(...values, 1);
  const make = () => element("li", "", element("span", "name"), element("span", "value"), element("span", "bar"));
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
  const head = element("tr", "", ...drawn.columns.map((name) => element("th", "", name)));
  const declared = new Map(panel.columns.map((column) => [column.name, column]));
  const lines = drawn.rows.map((row) =>
    element("tr", "", ...row.map((value, index) => {
      const column = declared.get(drawn.columns[index]);
      return element("td", column ? "number" : "", column ? written(value, column) : String(value ?? ""));
    })),
  );
  made.replaceChildren(element("thead", "", head), element("tbody", "", ...lines));
}
