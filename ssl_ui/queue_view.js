// Plays the films of MoCo's queue: nothing is computed here but where things are drawn (queue_drawing.js).
// props.value is the text of {queue, batch, keys, devices, steps, momenta, pictures, films: {momentum: {written,
// agreement, pointer, shuffle, loss, …}}}, each with one entry a step (ssl_ui/queue_state.py). Step 0 is before
// the first.
const $ = (name) => element.querySelector(`.queue-${name}`);
const words = $("bar").parentElement.dataset;
let value = null, text = ""; // a text, since Gradio clones what is in props at every look and every message
let at = 0, timer = 0, wanted = "0.99", atlas = "";

// the momentum that is shown: the one wanted, or any that is there while others are still being filmed
const momentum = () => (value?.films[wanted] ? wanted : Object.keys(value?.films ?? {})[0]);
const film = () => value?.films[momentum()];

function blocks() { // as the queue stands after the step that is shown
  const written = at ? film().written[at - 1] : film().written[0].map(() => -1);
  return written.map((step, i) => step < 0 ? { age: null } : { age: at - 1 - step, agreement: film().agreement[at - 1][i] });
}

function number(name, text) {
  element.querySelector(`[data-number="${name}"]`).textContent = text;
}

function numbers(there) {
  const f = film(), now = (name) => (at ? f[name][at - 1] : null);
  for (const name of ["positive", "negative", "distance"]) number(name, at ? now(name).toFixed(3) : "–");
  number("accuracy", at ? `${Math.round(100 * now("accuracy"))} %` : "–");
  number("loss", at ? `${now("loss").toFixed(3)}` : "–");
  number("filled", `${Math.round(100 * there.filter((b) => b.age !== null).length / there.length)} %`);
}

function lines(name) {
  const line = (m, i) => ({ name: m, values: value.films[m]?.[name], chosen: m === momentum(), colour: COLOURS[i] });
  return value.momenta.map(line).filter((one) => one.values);
}

function curves(there) {
  const { steps, keys } = value;
  const far = Math.max(0.1, ...lines("distance").flatMap((line) => line.values));
  const low = Math.floor(10 * Math.min(0.9, ...film().agreement.flat().filter((a) => a !== null))) / 10;
  $("distance").innerHTML = course(lines("distance"), far, at, steps, 2);
  $("negative").innerHTML = course(lines("negative"), 1, at, steps, 1);
  $("ages").innerHTML = ages(there, keys, low);
}

function shuffle() {
  const { devices: parts, batch, pictures } = value, order = film().shuffle[Math.max(0, at - 1)];
  const each = batch / parts, row = $("devices").dataset;
  const same = order.filter((picture, place) => Math.floor(picture / each) === Math.floor(place / each)).length;
  $("same").textContent = words.same.replace("{same}", same).replace("{all}", batch);
  const sheet = `<defs><image id="queue-atlas" href="${pictures.url}" width="${batch * pictures.tile}" height="${value.steps * pictures.tile}"/></defs>`;
  if (atlas !== pictures.url) $("devices").innerHTML = sheet + "<g></g>";
  atlas = pictures.url;
  const { drawn, high } = devices(order, parts, pictures.tile, Math.max(0, at - 1), [row.queries, row.encoded, row.returned]);
  $("devices").setAttribute("viewBox", `0 0 1080 ${high}`);
  $("devices").querySelector("g").innerHTML = drawn;
}

function choices() {
  const { momenta, films } = value, box = $("momenta");
  if (!box.querySelector("button")) {
    momenta.forEach((m, i) => {
      const button = document.createElement("button");
      button.textContent = m;
      button.setAttribute("role", "radio");
      button.style.setProperty("--line", COLOURS[i]);
      button.onclick = () => { wanted = m; show(); };
      box.append(button);
    });
  }
  momenta.forEach((m, i) => {
    box.querySelectorAll("button")[i].disabled = !films[m];
    box.querySelectorAll("button")[i].setAttribute("aria-checked", m === momentum());
  });
}

function show() {
  $("bar").parentElement.hidden = !film();
  if (!film()) return;
  const there = blocks(), { queue, steps } = value, pointer = at ? film().pointer[at - 1] / queue : 0;
  const said = { fresh: words.new, middle: [`K = ${queue}`, words.meets], age: (age, agreement) => `${age} · ${agreement.toFixed(3)}` };
  $("ring").innerHTML = ring(there, pointer, said);
  numbers(there);
  curves(there);
  shuffle();
  choices();
  Object.assign($("scrub"), { max: steps, value: at });
  $("place").querySelector("b").textContent = at;
  $("place").querySelector("i").textContent = steps;
  $("back").disabled = $("reset").disabled = at === 0;
  $("next").disabled = at === steps;
}

function play(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => (element.isConnected && at < value.steps ? go(at + 1) : play(false)), 450) : 0;
  $("play").textContent = on ? $("play").dataset.pause : $("play").dataset.play;
}

function go(to) {
  at = Math.max(0, Math.min(value.steps, to));
  show();
}

const step = (to) => { play(false); go(to); };
$("back").onclick = () => step(at - 1);
$("next").onclick = () => step(at + 1);
$("reset").onclick = () => step(0);
$("scrub").oninput = (event) => step(Number(event.target.value));
$("play").onclick = () => {
  if (!timer && at === value.steps) go(0);
  play(!timer);
};
// ← and → step wherever the focus is, except where the arrows have work of their own to do
document.addEventListener("keydown", function walk(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", walk);
  const taken = 'input, textarea, select, [contenteditable], [role="slider"], [role="listbox"]';
  if (!element.offsetParent || !film() || event.defaultPrevented || event.target.closest?.(taken)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way) { event.preventDefault(); step(at + way); }
});
const update = () => {
  const news = props.value;
  if (!news || news === text) return;
  value = JSON.parse((text = news));
  at = Math.min(at, value.steps);
  show();
};
watch("value", update);
update();
