// Values over time, as SVG: bars, faint bars and dashed lines over buckets of equal length.

import { part } from "./draw.js";
import { bucket, day, epoch, minute, clock, written } from "./words.js";

const STEPS = [10, 30, 60, 300, 600, 900, 1800, 3600, 10800, 21600, 43200, 86400];
const hovered = new WeakMap();

/** The smallest of 1, 2, 5 and their tens that is no less: whole numbers, as what is counted. */
function nice(value) {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((one) => one * ten).find((one) => one >= value);
}

export function series(body, panel, drawn, range, marks) {
  const chart = part(body, "div", "chart");
  if (!chart.firstElementChild) prepare(chart);
  const svg = chart.querySelector("svg");
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const box = svg.getBoundingClientRect();
  const step = range.granularity_s;
  const from = Math.floor(range.from_s / step) * step;
  const to = Math.max(from + step, Math.ceil(range.to_s / step) * step);
  const columns = panel.columns.map((column) => ({
    ...column,
    points: points(drawn, column.name).filter(([time]) => time >= from && time < to),
  }));
  const most = Math.max(1, ...columns.flatMap((column) => column.points.map(([, value]) => value ?? 0)));
  const rise = nice(most / 4);
  const top = Math.ceil(most / rise) * rise;
  const left = (String(Math.round(top)).length * 0.62 + 1) * rem;
  const frame = { left, top: 0.7 * rem, right: box.width - 0.3 * rem, bottom: box.height - 1.7 * rem };
  const x = (time) => frame.left + ((time - from) / (to - from)) * (frame.right - frame.left);
  const y = (value) => frame.bottom - (Math.max(0, value) / top) * (frame.bottom - frame.top);
  const shapes = [];
  for (let value = 0; value <= top + rise / 2; value += rise) {
    const at = y(value).toFixed(1);
    shapes.push(`<path class="${value ? "grid" : "base"}" d="M${frame.left} ${at}H${frame.right}"/>`);
    const text = written(value, { unit: "events" });
    shapes.push(`<text class="of-y" x="${frame.left - 0.5 * rem}" y="${at}">${text}</text>`);
  }
  for (const [time, text] of ticks(from, to, (frame.right - frame.left) / (6 * rem))) {
    shapes.push(`<text class="of-x" x="${x(time).toFixed(1)}" y="${frame.bottom + 1.3 * rem}">${text}</text>`);
  }
  const shown = marks.filter((mark) => mark.to > from && mark.from < to);
  for (const mark of shown) shapes.push(marked(mark, frame, x));
  for (const column of columns) shapes.push(drawing(column, step, x, y));
  for (const mark of shown) shapes.push(label(mark, frame, x, rem));
  shapes.push('<path class="cross" d=""/>');
  svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  svg.setAttribute("aria-label", alternative(panel, columns, shown, step, to - from));
  svg.innerHTML = shapes.join("");
  legend(chart.querySelector("ul"), columns);
  chart.show = () => cross(chart, { columns, from, to, step, frame, x });
  chart.show();
}

function prepare(chart) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  const list = document.createElement("ul");
  list.className = "legend";
  const tip = document.createElement("p");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  chart.append(list, svg, tip);
  svg.addEventListener("pointermove", (event) => {
    hovered.set(chart, event.clientX - svg.getBoundingClientRect().left);
    chart.show();
  });
  svg.addEventListener("pointerleave", () => {
    hovered.delete(chart);
    chart.show();
  });
}

function points(drawn, name) {
  const time = drawn.columns.indexOf("time");
  const value = drawn.columns.indexOf(name);
  return drawn.rows.map((row) => [epoch(row[time]), row[value] === null ? null : Number(row[value])]);
}

/** Where to write a time, in the viewer's own: whole hours stay whole through any offset from UTC. */
function ticks(from, to, most) {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 86400 * Math.ceil((to - from) / 86400 / most);
  const midnight = new Date(from * 1000).setHours(0, 0, 0, 0) / 1000;
  const found = [];
  for (let time = midnight + Math.ceil((from - midnight) / step) * step; time < to; time += step) {
    const text = step >= 86400 ? day(time) : step < 60 ? clock(time) : minute(time);
    found.push([time, text === "00:00" && to - from > 86400 ? day(time) : text]);
  }
  return found;
}

function drawing(column, step, x, y) {
  const there = column.points.filter(([, value]) => value !== null);
  if (column.look === "dashed line") {
    let last = null;
    const path = there.map(([time, value]) => {
      const begin = time === last ? "L" : "M";
      last = time + step;
      return `${begin}${x(time).toFixed(1)} ${y(value).toFixed(1)}H${x(time + step).toFixed(1)}`;
    });
    return `<path class="line" stroke="${column.colour}" d="${path.join("")}"/>`;
  }
  const path = there.map(([time, value]) => {
    const width = x(time + step) - x(time);
    const gap = Math.min(4, width * 0.2);
    const base = y(0);
    return `M${(x(time) + gap / 2).toFixed(1)} ${base.toFixed(1)}V${y(value).toFixed(1)}h${(width - gap).toFixed(1)}V${base.toFixed(1)}z`;
  });
  const kind = column.look === "faint bar" ? "faint" : "full";
  return `<path class="${kind}" fill="${column.colour}" stroke="${column.colour}" d="${path.join("")}"/>`;
}

/** A region is laid under the bars, an instant is a line. */
function marked(mark, frame, x) {
  const begin = Math.max(frame.left, x(mark.from));
  const end = Math.min(frame.right, x(mark.to));
  const box = `x="${begin.toFixed(1)}" y="${frame.top}" height="${frame.bottom - frame.top}"`;
  const width = mark.region ? Math.max(1, end - begin).toFixed(1) : 0;
  const edge = mark.region ? "" : `<path class="instant" stroke="${mark.colour}" d="M${begin.toFixed(1)} ${frame.top}V${frame.bottom}"/>`;
  return `<rect class="region" ${box} width="${width}" fill="${mark.colour}"/>${edge}`;
}

function label(mark, frame, x, rem) {
  const begin = Math.max(frame.left, x(mark.from)) + 0.4 * rem;
  const beyond = begin > frame.right - 12 * rem;
  const at = `x="${beyond ? begin - 0.8 * rem : begin}" y="${frame.top + 0.9 * rem}"`;
  const text = document.createElement("i");
  text.textContent = mark.title;
  return `<text class="mark" ${at} text-anchor="${beyond ? "end" : "start"}">${text.innerHTML}</text>`;
}

function legend(list, columns) {
  const wanted = columns.map((column) => column.name).join();
  if (list.dataset.of === wanted) return;
  list.dataset.of = wanted;
  list.replaceChildren(
    ...columns.map((column) => {
      const line = document.createElement("li");
      const sign = document.createElement("span");
      sign.className = `sign ${column.look.replace(" ", "-")}`;
      sign.style.setProperty("--colour", column.colour);
      line.append(sign, column.name);
      return line;
    }),
  );
}

function alternative(panel, columns, marks, step, length) {
  const said = columns.map((column) => {
    const there = column.points.filter(([, value]) => value !== null);
    if (!there.length) return `${column.name}: nothing`;
    const [peakTime, peak] = there.reduce((best, one) => (one[1] > best[1] ? one : best));
    const [, last] = there[there.length - 1];
    return `${column.name}: ${written(last, column)} in the last bucket, at most ${written(peak, column)} at ${bucket(peakTime, step, length)}`;
  });
  const told = marks.map((mark) => `. ${mark.title} at ${bucket(mark.from, step, length)}`);
  return `${panel.unit}, in buckets of ${written(step, { unit: "seconds" })}. ${said.join(". ")}${told.join("")}.`;
}

function cross(chart, { columns, from, to, step, frame, x }) {
  const tip = chart.querySelector(".tip");
  const line = chart.querySelector(".cross");
  const at = hovered.get(chart);
  const inside = at !== undefined && at >= frame.left && at <= frame.right;
  tip.hidden = !inside;
  if (!inside) return line.setAttribute("d", "");
  const share = (at - frame.left) / (frame.right - frame.left);
  const time = from + Math.min(Math.floor((share * (to - from)) / step), (to - from) / step - 1) * step;
  const middle = x(time + step / 2);
  line.setAttribute("d", `M${middle.toFixed(1)} ${frame.top}V${frame.bottom}`);
  const found = columns.flatMap((column) => {
    const point = column.points.find(([when]) => when === time);
    return point && point[1] !== null ? [`${column.name}: ${written(point[1], column)}`] : [];
  });
  tip.textContent = [bucket(time, step, to - from), ...found].join("\n");
  tip.classList.toggle("leftwards", share > 0.6);
  tip.style.left = `${middle}px`;
}
