// The table of runs: sorted, filtered and ticked here; rows come from the server, again while a run goes on.
const root = element.querySelector(".runs"), $ = (name) => root.querySelector(name);
const LOOKS = root.dataset.looks.split(" ").map((pair) => pair.split(","));
const AGAIN = 5000; // ms until rows are asked for again while one of them changes
let table = null, sorted = null, up = true, ticked = LOOKS.map(() => null), begun = false, timer = 0, asking = false;

const make = (name, props = {}, ...parts) => {
  const made = Object.assign(document.createElement(name), props);
  made.append(...parts);
  return made;
};
const said = (words) => ($(".runs-said").textContent = words);

function shown() { // rows that hold every word of the filter, in the order of a column; empty cells last
  const wanted = $(".runs-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const held = table.rows.filter((row) => {
    const all = table.columns.map(({ id }) => row.cells[id].s).join(" ").toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
  if (!sorted) return held;
  const of = (row) => row.cells[sorted].v, way = up ? 1 : -1;
  const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  return held.sort((a, b) => {
    if (of(a) === null || of(b) === null) return (of(a) === null) - (of(b) === null);
    return way * order(of(a), of(b));
  });
}

function heads() {
  const row = $("thead tr");
  const focused = row.querySelector("button:focus")?.dataset.column;
  row.replaceChildren(make("th", { className: "runs-tick", scope: "col" }));
  for (const { id, title, about, words } of table.columns) {
    const mark = sorted === id ? (up ? "▲" : "▼") : "";
    const button = make("button", { type: "button", title: about }, make("span", { textContent: title }), make("i", { textContent: mark }));
    button.dataset.column = id;
    button.onclick = () => { // numbers begin with the greatest, words with the first letter
      up = sorted === id ? !up : words;
      sorted = id;
      draw();
    };
    const head = make("th", { scope: "col", className: words ? "" : "runs-number" }, button);
    head.ariaSort = sorted === id ? (up ? "ascending" : "descending") : "none";
    row.append(head);
    if (id === focused) button.focus();
  }
}

function line(row) {
  const place = ticked.indexOf(row.name), out = make("tr");
  const box = make("input", { type: "checkbox", checked: place >= 0, ariaLabel: row.name });
  const letter = make("b", { textContent: place < 0 ? "" : String.fromCharCode(65 + place) });
  out.dataset.run = row.name;
  if (place >= 0) {
    out.className = "chosen";
    out.style.setProperty("--run", LOOKS[place][0]);
    out.style.setProperty("--ink", LOOKS[place][1]);
  }
  box.onchange = () => tick(row.name, box);
  box.onfocus = () => box.matches(":focus-visible") && said(tips(row));
  out.append(make("td", { className: "runs-tick" }, make("label", {}, box, letter)));
  for (const { id, title, words } of table.columns) {
    const { s, tip } = row.cells[id];
    const cell = make(id === "name" ? "th" : "td", { textContent: s, className: words ? "" : "runs-number" });
    cell.dataset.column = id;
    if (id === "name") cell.scope = "row";
    if (tip || words) cell.title = tip || s;
    if (tip) cell.onpointerenter = () => said(`${title} · ${tip}`);
    out.append(cell);
  }
  return out;
}

const tips = (row) => table.columns.map(({ id, title }) => row.cells[id].tip && `${title} · ${row.cells[id].tip}`).filter(Boolean).join("\n");

function tick(name, box) {
  const place = ticked.indexOf(name), free = ticked.indexOf(null);
  if (place >= 0) ticked[place] = null;
  else if (free >= 0) ticked[free] = name;
  else { box.checked = false; return said($(".runs-said").dataset.full); }
  draw();
  tell();
}

const tell = () => trigger("select", { names: ticked });

function draw() {
  const rows = shown(), focused = root.querySelector("tbody input:focus")?.closest("tr").dataset.run;
  heads();
  $("tbody").replaceChildren(...rows.map(line));
  if (focused) [...$("tbody").rows].find((row) => row.dataset.run === focused)?.querySelector("input").focus();
  const words = $(".runs-count").dataset.words;
  $(".runs-count").textContent = words.replace("{shown}", rows.length).replace("{all}", table.rows.length);
  $(".runs-clear").disabled = ticked.every((name) => name === null);
  if (!table.rows.length) said($(".runs-said").dataset.empty);
  else if (!$(".runs-said").textContent || $(".runs-said").textContent === $(".runs-said").dataset.empty) said($(".runs-said").dataset.hint);
}

// The first time, what can be compared is ticked: runs with curves that are of the same pictures, the first such.
function begin() {
  const groups = new Map();
  for (const row of table.rows.filter((row) => row.curves)) {
    const pictures = row.cells.pictures.v;
    groups.set(pictures, [...(groups.get(pictures) ?? []), row.name]);
  }
  const alike = [...groups.values()].find((names) => names.length > 1) ?? [...groups.values()][0] ?? [];
  begun = alike.length > 0;
  alike.slice(0, LOOKS.length - 1).forEach((name, i) => (ticked[i] = name));
}

async function look() {
  clearTimeout(timer);
  if (asking || !element.isConnected) return;
  asking = true;
  try {
    table = await server.rows({});
  } catch {
    timer = setTimeout(look, AGAIN); // the server restarts, or the network is away
    return;
  } finally {
    asking = false;
  }
  const before = JSON.stringify(ticked), there = new Set(table.rows.map((row) => row.name));
  ticked = ticked.map((name) => (there.has(name) ? name : null));
  if (!begun) begin();
  draw();
  const lively = table.rows.filter((row) => row.lively).map((row) => row.name);
  if (JSON.stringify(ticked) !== before || ticked.some((name) => lively.includes(name))) tell();
  if (lively.length) timer = setTimeout(watchOn, AGAIN);
}

function watchOn() { // nobody is asked for a table that is not seen
  if (!element.isConnected) return;
  if (element.offsetParent) look();
  else timer = setTimeout(watchOn, AGAIN);
}

$(".runs-filter").oninput = () => table && draw();
$(".runs-clear").onclick = () => { ticked.fill(null); draw(); tell(); };
root.addEventListener("keydown", (event) => { // ↑ and ↓ walk through the boxes
  const way = { ArrowUp: -1, ArrowDown: 1 }[event.key], boxes = [...root.querySelectorAll("tbody input")];
  const at = boxes.indexOf(event.target);
  if (!way || at < 0) return;
  event.preventDefault();
  boxes[at + way]?.focus();
});
watch("value", () => props.value && look());
if (props.value) look();
