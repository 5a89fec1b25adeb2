// Two maps that know of each other. Runs after liveplot.js, in the same scope. A picture's number is its place
// in `places`, the same on both sides where they are linked. The ring lies over the plot: to draw it into the plot
// would draw all of it again, at every picture that the pointer passes.
const parts = [...element.querySelectorAll("[data-side]")];
const boxes = parts.map((part) => part.querySelector(".liveplot"));
const plots = boxes.map((box) => livePlot(box, () => {}));
const rings = parts.map((part) => part.querySelector(".two-ring"));
let shown = null, lit = -1, bound = [false, false];

function take(value) {
  light(-1);
  shown = value;
  element.querySelector(".two-said").textContent = value.said;
  parts.forEach((part, i) => {
    const side = value.sides[i];
    part.hidden = !side;
    if (!side) return;
    const letter = Object.assign(document.createElement("b"), { className: "run-letter", textContent: side.letter });
    letter.style.setProperty("--run", side.colour);
    letter.style.setProperty("--ink", side.ink);
    part.querySelector("h3").replaceChildren(letter, ` ${side.title}`);
    part.querySelector("p").textContent = side.how;
    plots[i].draw(side.figure);
    if (!bound[i]) bind(i);
  });
}

function bind(i) { // plotly's events can be had once it has drawn
  const box = boxes[i];
  if (!box.on) return void requestAnimationFrame(() => element.isConnected && bind(i));
  bound[i] = true;
  box.on("plotly_hover", ({ points: [point] }) => light(number(i, point), i));
  for (const gone of ["plotly_unhover", "plotly_relayouting", "plotly_relayout"]) box.on(gone, () => light(-1));
}

// The n-th point of a class is the n-th picture with that label.
function number(i, point) {
  const { labels } = shown.sides[i];
  let left = point.pointIndex ?? point.pointNumber;
  return labels.findIndex((label) => label === point.curveNumber && left-- === 0);
}

function light(k, side) {
  if (k === lit || !shown) return;
  lit = k;
  rings.forEach((ring, i) => (ring.hidden = k < 0 || !boxes[i].on || (!shown.linked && i !== side) || !put(i, k)));
}

function put(i, k) { // the ring over a picture's point, and in words which it is; false if it is out of sight
  const { xaxis, yaxis } = boxes[i]._fullLayout, side = shown.sides[i], words = rings[i].querySelector("span");
  const x = xaxis.l2p(side.points[k][0]), y = yaxis.l2p(side.points[k][1]);
  if (x < 0 || x > xaxis._length || y < 0 || y > yaxis._length) return false;
  rings[i].style.left = `${x + xaxis._offset}px`;
  rings[i].style.top = `${y + yaxis._offset}px`;
  words.replaceChildren(Object.assign(document.createElement("b"), { textContent: side.names[side.labels[k]] }), ` · ${shown.word} ${side.places[k]}`);
  const part = (x + xaxis._offset) / boxes[i].offsetWidth;
  rings[i].dataset.lean = part < 0.25 ? "right" : part > 0.75 ? "left" : "middle";
  return true;
}

const update = () => props.value && take(props.value);
watch("value", update);
update();
