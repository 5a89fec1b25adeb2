// Walks through the stages of a computation. All stages are here, so a step needs no server:
// props.value = {stages: [{name, title, shape, height, figure | scalar}]}; formulas stand, in the same order,
// in the Markdown inside this component. Follows livePlot (liveplot.js), which draws the figures.
const $ = (name) => element.querySelector(`.stepper-${name}`);
const plot = livePlot($("plot"), trigger);
let stages = [], at = 0;

function show() {
  const stage = stages[at];
  if (!stage) return;
  $("title").textContent = stage.title;
  $("shape").textContent = stage.shape;
  $("place").textContent = `${at + 1} / ${stages.length}`;
  $("back").disabled = at === 0;
  $("next").disabled = at === stages.length - 1;
  $("scalar").textContent = stage.scalar ?? "";
  $("scalar").hidden = !stage.scalar;
  $("plot").hidden = !stage.figure;
  if (stage.figure) {
    $("plot").style.height = `${stage.height}px`;
    plot.draw(JSON.parse(JSON.stringify(stage.figure)));
  }
  [...$("list").children].forEach((item, i) => {
    if (i === at) item.firstChild.setAttribute("aria-current", "step");
    else item.firstChild.removeAttribute("aria-current");
  });
  showFormula();
}

function showFormula() {
  const formula = element.querySelectorAll(".stepper-formulas .katex-display")[at];
  $("formula").replaceChildren(...(formula ? [formula.cloneNode(true)] : []));
}

function list() {
  const items = stages.map((stage, i) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.append(Object.assign(document.createElement("span"), { textContent: stage.title }));
    button.append(Object.assign(document.createElement("small"), { textContent: stage.shape }));
    button.onclick = () => go(i);
    item.append(button);
    return item;
  });
  $("list").replaceChildren(...items);
}

function go(to) {
  at = Math.max(0, Math.min(stages.length - 1, to));
  show();
}

function update() {
  if (!props.value) return;
  const titles = (all) => all.map((stage) => stage.title + stage.shape).join();
  const before = titles(stages), name = stages[at]?.name;
  stages = props.value.stages;
  const same = stages.findIndex((stage) => stage.name === name);
  at = same >= 0 ? same : 0; // stay at the stage while its numbers change
  if (titles(stages) !== before) list();
  show();
}

$("back").onclick = () => go(at - 1);
$("next").onclick = () => go(at + 1);
// ← and → walk wherever the focus is, except where the arrows have work of their own to do
document.addEventListener("keydown", function walk(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", walk);
  const taken = 'input, textarea, select, [contenteditable], [role="slider"], [role="listbox"]';
  if (!element.offsetParent || event.defaultPrevented || event.target.closest?.(taken)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way) { event.preventDefault(); go(at + way); }
});
// the formulas arrive when Gradio has typeset them, outside of our own part
new MutationObserver((changes) => {
  if (changes.some((change) => !element.querySelector(".stepper").contains(change.target))) showFormula();
}).observe(element, { childList: true, subtree: true });
watch("value", update);
update();
