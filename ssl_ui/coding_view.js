// Plays what the server worked out, step by step; nothing is computed here but where things are drawn.
// The value is {steps, grain, even, least, most, starts: {name: {points, arrows, axes, spectrum, terms, gains,
// rate}}}, each with one entry a step (ssl_ui/coding_flow.py).
const $ = (name) => element.querySelector(`.rate-${name}`);
const panels = [...element.querySelectorAll("[data-start]")];
const view = { yaw: -1.05, tilt: 0.18 }; // one camera for both panels, radians
let at = 0, timer = 0, value = null;

// a vector as [right, down, towards the eye]; a circle lies flat in the picture
function project(v) {
  if (v.length === 2) return [v[0], -v[1], 0];
  const across = Math.cos(view.yaw) * v[0] - Math.sin(view.yaw) * v[1];
  const away = Math.sin(view.yaw) * v[0] + Math.cos(view.yaw) * v[1];
  const c = Math.cos(view.tilt), s = Math.sin(view.tilt);
  return [across, -(v[2] * c + away * s), v[2] * s - away * c];
}

// the unit circle, carried to where two vectors of the screen are: any ellipse there is
const ellipse = (kind, a, b) =>
  `<circle class="${kind}" r="1" transform="matrix(${a[0]} ${a[1]} ${b[0]} ${b[1]} 0 0)"/>`;

function outline(axes) { // the shadow of an ellipsoid is an ellipse: its matrix, and of that a root
  const sum = (i, j) => axes.reduce((total, axis) => total + axis[i] * axis[j], 0);
  const first = Math.sqrt(sum(0, 0)), mixed = sum(0, 1) / first;
  return ellipse("rate-body", [first, mixed], [0, Math.sqrt(Math.max(0, sum(1, 1) - mixed * mixed))]);
}

function body(axes) {
  const rings = axes.flatMap((a, i) => axes.slice(i + 1).map((b) => ellipse("rate-ring", a, b)));
  const lines = axes.map((axis, i) => {
    const [x, y] = axis[1] > 0 ? [-axis[0], -axis[1]] : axis; // numbered at its upper end
    const far = 1 + 0.13 / Math.max(0.2, Math.hypot(x, y));
    return `<line class="rate-axis" x1="${-x}" y1="${-y}" x2="${x}" y2="${y}"/>` +
      `<text class="rate-name" x="${x * far}" y="${y * far}">${i + 1}</text>`;
  });
  return outline(axes) + rings.join("") + lines.join("");
}

function globe(flat) {
  const [x, y, z] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map(project), pairs = flat ? [] : [[x, y], [x, z], [y, z]];
  return '<circle class="rate-sphere" r="1"/>' + pairs.map(([a, b]) => ellipse("rate-equator", a, b)).join("");
}

function dot(point, arrow, picture) {
  const [x, y, near] = project(point), [dx, dy] = project(arrow);
  const tip = Math.hypot(dx, dy) > 0.05 ? ' marker-end="url(#rate-tip)"' : "";
  const push = `<line class="rate-push" x1="${x}" y1="${y}" x2="${x + dx}" y2="${y + dy}"${tip}/>`;
  const ball = `<circle class="rate-point" cx="${x}" cy="${y}" r="${near < 0 ? 0.05 : 0.062}"/>`;
  return { near, picture, x, y, drawn: `<g class="${near < 0 ? "rate-far" : "rate-near"}">${push}${ball}</g>` };
}

function links(dots) { // the patches of a picture hang together: a line from each to their middle
  const pictures = Map.groupBy(dots, (one) => one.picture);
  return [...pictures.values()].filter((own) => own.length > 1).flatMap((own) => {
    const x = own.reduce((sum, one) => sum + one.x, 0) / own.length;
    const y = own.reduce((sum, one) => sum + one.y, 0) / own.length;
    return own.map((one) => `<line class="rate-link" x1="${one.x}" y1="${one.y}" x2="${x}" y2="${y}"/>`);
  }).join("");
}

function frame() { // so tall that the ellipsoids of all steps, as they are turned now, stay within
  const steps = Object.values(value.starts).flatMap((start) => start.axes);
  const tall = Math.max(1.2, ...steps.map((axes) => Math.hypot(...axes.map((axis) => project(axis)[1])))) * 1.08;
  return `${-1.35 * tall} ${-tall} ${2.7 * tall} ${2 * tall}`;
}

function drawBall(svg, start) {
  const arrows = start.arrows[at], axes = start.axes[at].map(project);
  const dots = start.points[at].flatMap((patch, k) => patch.map((p, i) => dot(p, arrows[k][i], i)));
  dots.sort((a, b) => a.near - b.near);
  const drawn = (side) => dots.filter((one) => (one.near < 0) === (side < 0)).map((one) => one.drawn).join("");
  const grain = `<circle class="rate-grain" r="${value.grain}"/>`;
  svg.innerHTML = globe(axes.length === 2) + drawn(-1) + body(axes) + grain + links(dots) + drawn(1);
}

function drawNumbers(panel, start) {
  const spectrum = start.spectrum[at], total = value.even * spectrum.length;
  panel.querySelector(".rate-number b").textContent = start.rate[at].toFixed(3);
  panel.querySelector("tbody").innerHTML = spectrum.map((value, i) => `<tr><th scope="row">${i + 1}</th>
    <td><i style="--part:${100 * value / total}%;--even:${100 / spectrum.length}%"></i>
      <span>${value.toFixed(2)}</span></td>
    <td>${i ? "+ " : ""}<b>${start.terms[at][i].toFixed(3)}</b></td><td>${start.gains[at][i].toFixed(3)}</td></tr>`)
    .join("");
}

function drawCourse(panel, start) {
  const { steps, least, most } = value, x = (step) => 2 + 96 * step / steps;
  const y = (rate) => 88 - 76 * (rate - least) / (most - least);
  const bound = (rate) => `<path class="rate-bound" d="M0 ${y(rate)} H100"/>`;
  const path = start.rate.map((rate, step) => `${x(step)},${y(rate)}`).join(" ");
  panel.querySelector(".rate-course svg").innerHTML = bound(most) + bound(least) +
    `<polyline points="${path}"/><path class="rate-now" d="M${x(at)} ${y(start.rate[at])} h0.01"/>`;
  panel.querySelector(".rate-most").textContent = most.toFixed(3);
  panel.querySelector(".rate-least").textContent = least.toFixed(3);
}

function show() {
  const box = frame();
  for (const panel of panels) {
    const start = value.starts[panel.dataset.start], ball = panel.querySelector(".rate-ball");
    ball.setAttribute("viewBox", box);
    drawBall(ball, start);
    drawNumbers(panel, start);
    drawCourse(panel, start);
  }
  const { steps } = value, scrub = Object.assign($("scrub"), { max: steps, value: at });
  scrub.style.setProperty("--range_progress", `${100 * at / steps}%`);
  $("place").querySelector("b").textContent = at;
  $("place").querySelector("i").textContent = steps;
  $("back").disabled = at === 0;
  $("next").disabled = at === steps;
}

function play(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => (element.isConnected && at < value.steps ? go(at + 1) : play(false)), 90) : 0;
  $("play").textContent = on ? $("play").dataset.pause : $("play").dataset.play;
}

function go(to) {
  at = Math.max(0, Math.min(value.steps, to));
  show();
}

const step = (way) => { play(false); go(at + way); };
$("back").onclick = () => step(-1);
$("next").onclick = () => step(1);
$("scrub").oninput = (event) => { play(false); go(Number(event.target.value)); };
$("play").onclick = () => {
  if (!timer && at === value.steps) go(0);
  play(!timer);
};
for (const svg of element.querySelectorAll(".rate-ball")) {
  svg.onpointerdown = (event) => svg.setPointerCapture(event.pointerId);
  svg.onpointermove = (event) => {
    if (!svg.hasPointerCapture(event.pointerId)) return;
    view.yaw += event.movementX / 150;
    view.tilt = Math.max(-1.5, Math.min(1.5, view.tilt + event.movementY / 150));
    show();
  };
}
// ← and → step wherever the focus is, except where the arrows have work of their own to do
document.addEventListener("keydown", function walk(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", walk);
  const taken = 'input, textarea, select, [contenteditable], [role="slider"], [role="listbox"]';
  if (!element.offsetParent || event.defaultPrevented || event.target.closest?.(taken)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way) { event.preventDefault(); step(way); }
});
const update = () => {
  value = JSON.parse(textOf(props.value) || "null");
  if (value) go(at);
};
watch("value", update);
update();
