// How numbers and times are written. Times are the viewer's own.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const CHANGE = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const MINUTE = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "short" });
export const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export const clock = (seconds) => CLOCK.format(seconds * 1000);
export const minute = (seconds) => MINUTE.format(seconds * 1000);
export const day = (seconds) => DAY.format(seconds * 1000);

/** The start of a bucket: with its day where the range is longer than one. */
export function bucket(seconds, step, length) {
  const time = step < 60 ? clock(seconds) : minute(seconds);
  return length > 86400 ? `${day(seconds)}, ${time}` : time;
}

/** A value of a column, in words: `null` is what the column says of nothing. */
export function written(value, column) {
  if (value === null || value === undefined) return column.empty ?? "–";
  if (column.unit === "text") return String(value);
  if (column.unit === "time") return `${day(epoch(value))}, ${minute(epoch(value))}`;
  const number = Number(value);
  if (column.unit === "times") return `${ONE_DECIMAL.format(number)} ×`;
  if (column.unit === "share") return PERCENT.format(number);
  if (column.unit === "seconds") return span(number);
  return WHOLE.format(number);
}

/** A share by which something changed. */
export const change = (value) => CHANGE.format(Number(value)).replace("-", "−");

function span(seconds) {
  if (seconds < 120) return `${WHOLE.format(seconds)} s`;
  if (seconds < 7200) return `${WHOLE.format(seconds / 60)} min`;
  return `${WHOLE.format(seconds / 3600)} h`;
}

/** Text with `commands` set apart, put into a node without ever being read as HTML. */
export function sentence(node, text) {
  const parts = text.split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
  node.replaceChildren(...parts);
}

/** When ClickHouse writes `2026-03-01 12:00:00` it means UTC. */
export const epoch = (text) => Date.parse(`${text.replace(" ", "T")}Z`) / 1000;
