// Plays what the server sent at once (film_data.py): points of all moments, the figure they stand in, kNN.
// Runs after liveplot.js, in the same scope. `at` is the moment, `lies` where the points are on the way there.
const $ = (name) => element.querySelector(`.film-${name}`);
const map = livePlot($("map"), trigger);
const curve = livePlot($("curve"), (name, { index, curve }) => name === "click" && curve === 0 && jump(index));
const GLIDE = 700, REST = 350; // ms from one moment to the next, and at it
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let film = null, points = null, members = [], at = 0, lies = 0, frame = 0, timer = 0;

function decoded({ dtype, bdata }) {
  const bytes = Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0));
  return new { f4: Float32Array, i4: Int32Array }[dtype](bytes.buffer);
}

function take(value) {
  const same = film?.key === value.key && film.steps.length === value.steps.length;
  film = value;
  points = decoded(film.points);
  const labels = decoded(film.labels);
  members = film.map.data.map((_, k) => [...labels.keys()].filter((i) => labels[i] === k));
  $("map").setAttribute("aria-label", film.title);
  $("how").textContent = `${film.how} ${film.count}`;
  $("scrub").max = film.steps.length - 1;
  $("curve").hidden = $("number").hidden = !film.curve;
  if (!same) { play(false); at = lies = film.steps.length - 1; }
  show();
}

function place(i, axis) { // between two moments, as far as the glide has come
  const n = points.length / film.steps.length / 2, from = Math.floor(lies), part = lies - from;
  const here = points[2 * (from * n + i) + axis];
  return part ? here + part * (points[2 * ((from + 1) * n + i) + axis] - here) : here;
}

function draw() {
  const data = film.map.data.map((trace, k) => trace.x ? trace : ({ // the corners stay where they are
    ...trace,
    x: Float32Array.from(members[k], (i) => place(i, 0)),
    y: Float32Array.from(members[k], (i) => place(i, 1)),
  }));
  map.draw({ ...film.map, data });
}

function show() {
  draw();
  const last = film.steps.length - 1, knn = film.knn[at], scrub = $("scrub");
  scrub.value = at;
  scrub.style.setProperty("--range_progress", `${last ? (100 * at) / last : 100}%`);
  scrub.setAttribute("aria-valuetext", film.names[at]);
  $("place").textContent = film.names[at];
  $("back").disabled = at === 0;
  $("next").disabled = at === last;
  if (!film.curve) return;
  $("number").querySelector("b").textContent = knn === null ? "–" : `${(100 * knn).toFixed(1)} %`;
  $("number").querySelector("span").textContent = film.named;
  const now = { ...film.curve.data[1], x: knn === null ? [] : [film.steps[at]], y: knn === null ? [] : [100 * knn] };
  curve.draw({ ...film.curve, data: [film.curve.data[0], now] });
}

function glide(to, done) {
  cancelAnimationFrame(frame);
  const from = lies, began = performance.now();
  at = to;
  if (calm.matches || from === to) { lies = to; show(); return done?.(); }
  show();
  const tick = (now) => {
    if (!element.isConnected) return;
    const part = Math.max(0, Math.min(1, (now - began) / GLIDE)), eased = part * part * (3 - 2 * part);
    lies = part === 1 ? to : from + (to - from) * eased;
    draw();
    if (part < 1) frame = requestAnimationFrame(tick);
    else done?.();
  };
  frame = requestAnimationFrame(tick);
}

function play(on) {
  clearTimeout(timer);
  timer = 0;
  $("play").textContent = on ? $("play").dataset.pause : $("play").dataset.play;
  if (!on) return;
  const on_and_on = () => {
    if (!element.isConnected || !element.offsetParent || at === film.steps.length - 1) return play(false);
    timer = setTimeout(() => glide(at + 1, on_and_on), REST);
  };
  on_and_on();
}

const jump = (to) => { play(false); glide(Math.max(0, Math.min(film.steps.length - 1, to))); };
$("back").onclick = () => jump(at - 1);
$("next").onclick = () => jump(at + 1);
$("scrub").oninput = (event) => { // under the finger nothing glides
  play(false);
  cancelAnimationFrame(frame);
  at = lies = Number(event.target.value);
  show();
};
$("play").onclick = () => {
  if (!timer && at === film.steps.length - 1) at = lies = 0, show();
  play(!timer);
};
// ← and → step wherever the focus is, except where the arrows have work of their own to do
document.addEventListener("keydown", function walk(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", walk);
  const taken = 'input, textarea, select, [contenteditable], [role="slider"], [role="listbox"], [role="tab"]';
  if (!film || !element.offsetParent || event.defaultPrevented || event.target.closest?.(taken)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way) { event.preventDefault(); jump(at + way); }
});
const update = () => props.value && take(props.value);
watch("value", update);
update();
