// The page: what was chosen (it stands in the address), the connection, and every message drawn.

import { bars, numbers as figures, put, table, tiles } from "./draw.js";
import { series } from "./series.js";
import { ZONE, clock, epoch, sentence } from "./words.js";

const DRAWINGS = { numbers: figures, tiles, bars, table, map: table, series };
const SILENT_MS = 4000;
const AGAIN_MS = 1000;
const HOW_TO_BEGIN =
  "Send events with `groundswell replay FILE` or a producer of your own, choose a longer time range, or another campaign.";

const byId = (id) => document.getElementById(id);
const form = byId("choices");
const panels = [...document.querySelectorAll(".panel")].map((section) => ({
  section,
  body: section.querySelector(".body"),
  ...JSON.parse(section.dataset.panel),
}));
const MARKS = JSON.parse(byId("panels").dataset.marks);
let socket = null;
let numbers = null;
let heardMs = performance.now();
let problems = [];

for (const panel of panels) {
  panel.section.style.gridColumnEnd = `span ${panel.width}`;
  panel.section.style.gridRowEnd = `span ${panel.height}`;
}

function connect() {
  socket?.close();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/live${location.search}`);
  socket = mine;
  mine.onmessage = (event) => mine === socket && hear(JSON.parse(event.data));
  mine.onclose = () => mine === socket && setTimeout(() => mine === socket && connect(), AGAIN_MS);
}

function hear(message) {
  heardMs = performance.now();
  problems = message.problems;
  if (message.numbers) {
    numbers = message.numbers;
    draw();
  }
  tell();
}

function draw() {
  options();
  for (const panel of panels) drawPanel(panel, marks());
  const known = numbers.frame.campaigns.find((one) => one.name === numbers.frame.choice.campaign);
  const title = known ? known.title : numbers.frame.choice.campaign;
  put(byId("campaign"), title);
  document.title = `${title} – Groundswell`;
}

// Launch windows and alerts, wherever something is drawn over time.
function marks() {
  return MARKS.flatMap(({ key, colour }) =>
    (numbers.drawn[key]?.rows ?? []).map(([from, to, title]) => ({ colour, title, region: to !== null, from: epoch(from), to: epoch(to ?? from) + 1 })),
  );
}

function drawPanel(panel, marked) {
  const drawn = numbers.drawn[panel.key];
  if (!drawn) return; // not answered yet
  const nothing = drawn.failed ?? (drawn.rows?.length ? null : panel.empty);
  panel.section.classList.toggle("nothing", nothing !== null);
  if (nothing === null) return DRAWINGS[panel.drawing](panel.body, panel, drawn, numbers.frame, marked);
  const told = document.createElement("p");
  told.className = "empty";
  sentence(told, nothing);
  panel.body.replaceChildren(told);
  if (panel === panels[0] && !drawn.failed) {
    const how = document.createElement("p");
    how.className = "how";
    sentence(how, HOW_TO_BEGIN);
    panel.body.append(how);
  }
}

// What stands above the numbers: whether they are live, and if not, why and since when.
function tell() {
  const silent = performance.now() - heardMs > SILENT_MS;
  const told = silent
    ? [{ subject: "Page", sentence: "The server of this page does not answer: see whether `groundswell up` still runs. The page comes back by itself." }]
    : problems;
  const old = silent || problems.some((one) => one.subject === "ClickHouse");
  const state = numbers === null ? "Connecting" : old ? "Not live" : told.length ? "Live, not complete" : "Live";
  document.body.classList.toggle("stale", old && numbers !== null);
  document.body.classList.toggle("troubled", told.length > 0);
  put(byId("state"), old && numbers ? `${state}: as of` : state);
  put(byId("clock"), numbers ? clock(numbers.frame.at_s) : "");
  put(byId("zone"), numbers ? ZONE : "");
  const box = byId("problems");
  box.hidden = told.length === 0;
  const lines = told.map((one) => {
    const line = document.createElement("p");
    const since = old && numbers && one.subject !== "Kafka" ? ` The numbers are as of ${clock(numbers.frame.at_s)}.` : "";
    sentence(line, one.sentence + since);
    return line;
  });
  if (box.textContent !== lines.map((line) => line.textContent).join("")) box.replaceChildren(...lines);
  // Said once by a screen reader, not again with every second that it lasts.
  const subjects = told.map((one) => one.subject).join();
  if (byId("announced").dataset.of !== subjects) {
    byId("announced").dataset.of = subjects;
    byId("announced").textContent = told.map((one) => one.sentence.replaceAll("`", "")).join(" ") || "Live again.";
  }
}

// The choices as they are in force, and what else can be chosen.
function options() {
  const { choice, campaigns } = numbers.frame;
  const known = campaigns.find((one) => one.name === choice.campaign);
  const names = campaigns.map((one) => [one.name, one.title]);
  fill(form.campaign, known ? names : [...names, [choice.campaign, choice.campaign]], choice.campaign);
  const windows = (known?.windows ?? []).map((one) => [`window:${one.name}`, `Launch: ${one.name}`]);
  const ranges = [...form.range.options].filter((one) => !one.value.startsWith("window:"));
  fill(form.range, [...ranges.map((one) => [one.value, one.text]), ...windows], choice.range);
  form.granularity.value = choice.granularity_s ? String(choice.granularity_s) : "";
  for (const box of form.querySelectorAll("[name=platform]")) box.checked = choice.platforms.includes(box.value);
  put(byId("chosen-platforms"), choice.platforms.join(", ") || "all");
}

function fill(select, wanted, value) {
  const of = JSON.stringify(wanted);
  if (select.dataset.of !== of) {
    select.dataset.of = of;
    select.replaceChildren(...wanted.map(([name, label]) => new Option(label, name)));
  }
  select.value = value;
}

function choose() {
  const asked = new URLSearchParams(location.search);
  const platforms = [...form.querySelectorAll("[name=platform]:checked")].map((box) => box.value).join(",");
  const chosen = { campaign: form.campaign.value, platform: platforms, range: form.range.value, granularity: form.granularity.value };
  for (const [name, value] of Object.entries(chosen)) value ? asked.set(name, value) : asked.delete(name);
  history.pushState(null, "", `?${asked}`);
  connect();
}

const systemIsLight = matchMedia("(prefers-color-scheme: light)");
function theme() {
  const asked = new URLSearchParams(location.search).get("theme");
  const light = asked ? asked === "light" : systemIsLight.matches;
  document.documentElement.dataset.theme = light ? "light" : "dark";
  put(byId("theme"), light ? "Dark" : "Light");
  byId("theme").setAttribute("aria-label", light ? "Change to the dark theme" : "Change to the light theme");
}

function switchTheme() {
  const asked = new URLSearchParams(location.search);
  asked.set("theme", document.documentElement.dataset.theme === "light" ? "dark" : "light");
  history.replaceState(null, "", `?${asked}`);
  theme();
}

form.addEventListener("change", choose);
form.addEventListener("submit", (event) => event.preventDefault());
byId("theme").addEventListener("click", switchTheme);
byId("platforms").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    byId("platforms").open = false;
    byId("platforms").querySelector("summary").focus();
  }
});
systemIsLight.addEventListener("change", theme);
addEventListener("popstate", () => {
  theme();
  connect();
});
new ResizeObserver(() => numbers && draw()).observe(byId("panels"));
theme();
connect();
setInterval(tell, 500);
