// The whole formula of a loss, with the terms that are looked at lit. ssl_ui/lab_formula.py has the colours.
//   labFormula(box, root, index) → { show(loss, knobs), light(names | null), own(name), on: {pick, hover} }
// root: where the hidden Markdown stands, or will: Gradio typesets the formulas when it is ready. index: the
// second of lab_formula.formulas(). light() says whether the formula has any of the terms; own(name) is a
// stage's own formula, a copy to place anywhere. on.pick(name) and on.hover(name | null) are to be replaced.
function labFormula(box, root, index) {
  const make = (className, parent) =>
    parent.appendChild(Object.assign(document.createElement("div"), { className }));
  box.classList.add("lab-formula");
  const stage = make("lab-formula-stage", box), marks = make("lab-formula-marks", stage);
  const paper = make("lab-formula-paper", stage);
  const on = { pick: () => {}, hover: () => {} };
  const all = Math.max(...Object.values(index).flatMap((loss) =>
    [...Object.values(loss.stages), ...loss.whole.map((formula) => formula.place)])) + 1;
  let wanted = null, names = null, shown = null, terms = [], rects = [], under = -1;

  // --- the typeset formulas, which arrive late
  const arriving = new MutationObserver(() => draw());
  function typeset(place) {
    const there = root.querySelectorAll(".lab-formulas .katex-display");
    return there.length >= all ? there[place] : null; // all at once, or the places are not yet true
  }

  function show(loss, knobs = {}) {
    const formulas = index[loss].whole, fits = ([name, choice]) => (knobs[name] ?? choice) === choice;
    wanted = { loss, formula: formulas.find(({ when }) => Object.entries(when).every(fits)) ?? formulas[0] };
    draw();
  }

  function draw() {
    if (!wanted || shown === wanted.formula) return;
    const typed = typeset(wanted.formula.place);
    if (!typed) return arriving.observe(root, { childList: true, subtree: true });
    arriving.disconnect();
    shown = wanted.formula;
    rects = [];
    under = -1;
    terms = shown.terms.map(([name, parent]) => ({ name, parent, leaves: [] }));
    const formula = typed.cloneNode(true);
    for (const part of formula.querySelectorAll(".katex-html [style*=color]")) claim(part);
    paper.replaceChildren(formula);
    fit();
    relight();
  }

  // the colour of a part becomes the number of its term, and the part takes the colour of the text again
  function claim(part) {
    const [red, high, low] = part.style.color.match(/\d+/g)?.map(Number) ?? [];
    if (red !== 10) return;
    part.dataset.term = 256 * high + low;
    part.style.color = "";
  }

  // --- size: as large as the text of the box, or smaller until it fits the width
  function fit() {
    if (!shown || !box.clientWidth) return;
    stage.style.fontSize = "1em";
    const room = box.clientWidth / stage.offsetWidth;
    if (room < 1) stage.style.fontSize = `${Math.floor(1000 * room) / 1000}em`;
    measure();
    mark();
  }

  function measure() {
    terms.forEach((term) => { term.leaves = []; });
    for (const part of paper.querySelectorAll("[data-term]")) {
      const ink = part.matches(".frac-line") || part.querySelector(":scope > svg") ||
        [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (ink) terms[part.dataset.term].leaves.push(part.getBoundingClientRect());
    }
    // inner terms come after outer ones, so their ink has reached them before it is handed on
    for (const term of [...terms].reverse()) terms[term.parent]?.leaves.push(...term.leaves);
    const from = stage.getBoundingClientRect();
    rects = terms.map(({ leaves }) => {
      const least = (side) => Math.min(...leaves.map((leaf) => leaf[side]));
      const most = (side) => Math.max(...leaves.map((leaf) => leaf[side]));
      const left = least("left"), top = least("top");
      return {
        left: left - from.left, width: most("right") - left,
        top: top - from.top, height: most("bottom") - top,
      };
    });
  }

  // --- light: the outermost terms that are meant get a mark, and all that is within them
  const isLit = (place) => place >= 0 && (names.has(terms[place].name) || isLit(terms[place].parent));

  function light(which) {
    names = which && new Set(which);
    return relight();
  }

  function relight() {
    const any = Boolean(names) && terms.some((term) => names.has(term.name));
    box.classList.toggle("lab-formula-some", any);
    for (const part of paper.querySelectorAll("[data-term]")) {
      part.classList.toggle("lab-term-lit", any && isLit(Number(part.dataset.term)));
    }
    mark();
    return any;
  }

  function mark() {
    marks.replaceChildren();
    terms.forEach((term, place) => {
      const lit = Boolean(names) && isLit(place) && !isLit(term.parent), near = place === under;
      if (!(lit || near) || !(rects[place]?.width > 0)) return;
      const sign = make("lab-formula-mark", marks);
      sign.classList.toggle("lab-formula-lit", lit);
      sign.classList.toggle("lab-formula-near", near);
      for (const [side, size] of Object.entries(rects[place])) sign.style[side] = `${size}px`;
    });
  }

  // --- the pointer: the smallest term that it is over
  function find(event) {
    const from = stage.getBoundingClientRect(), x = event.clientX - from.left, y = event.clientY - from.top;
    const size = (place) => rects[place].width * rects[place].height;
    const within = (r) => x >= r.left && x <= r.left + r.width && y >= r.top && y <= r.top + r.height;
    const over = rects.flatMap((rect, place) => (within(rect) ? [place] : []));
    return over.length ? over.reduce((a, b) => (size(b) <= size(a) ? b : a)) : -1;
  }

  function point(place) {
    if (place === under) return;
    under = place;
    box.classList.toggle("lab-formula-over", under >= 0);
    mark();
    on.hover(terms[under]?.name ?? null);
  }

  box.addEventListener("pointermove", (event) => point(find(event)));
  box.addEventListener("pointerleave", () => point(-1));
  box.addEventListener("click", (event) => {
    const term = terms[find(event)];
    if (term) on.pick(term.name);
  });
  const sizes = new ResizeObserver(fit);
  sizes.observe(box);
  sizes.observe(paper); // the fonts of the formulas load when they are first seen

  function own(name) {
    return typeset(index[wanted?.loss]?.stages[name])?.cloneNode(true) ?? null;
  }

  return { show, light, own, on };
}
