// Two maps that know of each other. Runs after liveplot.js, in the same scope. A picture's number is its place
// in `places`, the same on both sides where they are linked.
const parts = [...element.querySelectorAll("[data-side]")];
const boxes = parts.map((part) => part.querySelector(".liveplot"));
const plots = boxes.map((box) => livePlot(box, () => {}));
let shown = null, lit = -1, bound = [false, false];

function take(value) {
  shown = value;
  lit = -1;
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
    plots[i].draw({ ...side.figure, layout: { ...side.figure.layout, shapes: [], annotations: [] } });
    if (!bound[i]) bind(i);
  });
}

function bind(i) { // plotly's events can be had once it has drawn
  const box = boxes[i];
  if (!box.on) return void requestAnimationFrame(() => element.isConnected && bind(i));
  bound[i] = true;
  box.on("plotly_hover", ({ points: [point] }) => light(number(i, point)));
  box.on("plotly_unhover", () => light(-1));
}

// The n-th point of a class is the n-th picture with that label.
function number(i, point) {
  const { labels } = shown.sides[i];
  let left = point.pointIndex ?? point.pointNumber;
  return labels.findIndex((label) => label === point.curveNumber && left-- === 0);
}

function light(k) {
  if (k === lit || !shown) return;
  lit = k;
  const ink = getComputedStyle(element).getPropertyValue("--body-text-color").trim();
  const paper = getComputedStyle(element).getPropertyValue("--background-fill-primary").trim();
  shown.sides.forEach((side, i) => {
    if (!boxes[i].on || (!shown.linked && i !== hovered())) return;
    Plotly.relayout(boxes[i], k < 0 ? { shapes: [], annotations: [] } : marks(side, k, ink, paper));
  });
}

const hovered = () => boxes.findIndex((box) => box.matches(":hover"));

function marks(side, k, ink, paper) { // a ring of so many pixels, and in words which picture it is
  const [x, y] = side.points[k], r = 13;
  const ring = { type: "circle", xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y, x0: -r, x1: r, y0: -r, y1: r };
  const words = `<b>${side.names[side.labels[k]]}</b> · ${shown.word} ${side.places[k]}`;
  return {
    shapes: [{ ...ring, line: { width: 4, color: ink } }],
    annotations: [{ x, y, text: words, ax: 0, ay: 36, arrowhead: 0, arrowcolor: ink, standoff: r, bgcolor: paper, bordercolor: ink, borderpad: 4, font: { size: 16, color: ink } }],
  };
}

const update = () => props.value && take(props.value);
watch("value", update);
update();
