// A vector, or one for each view: upright bars with their figures, side by side under one name. Each view has a
// filling of its own besides its colour. A place is group × names + name, as in the values.
// on = { hover(place) | hover(null), pick(place) }
function labBars(box, on = {}) {
  const { svg, html, set, say, pool, figure, width, spot } = labPen;
  const FILLINGS = [ // colour, and lines in a square of 6 px
    [0, ""], [6, "M-1 7L7 -1M-1 1L1 -1M5 7L7 5"], [4, "M0 3H6"],
    [1, "M1.5 3a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0"], [3, "M3 0V6M0 3H6"],
  ];
  const size = labPen.room(box, () => spec && draw(spec)), root = svg(box, "svg", "lab-bars");
  const defs = svg(root, "defs"), fillings = FILLINGS.map(filling);
  const title = svg(root, "text", "lab-bars-title"), legend = pool(explained);
  const barsIn = svg(root, "g"), zero = svg(root, "path", "lab-zero");
  const texts = (kind) => pool(() => svg(root, "text", kind));
  const bars = pool(() => svg(barsIn, "rect", "lab-column-bar"));
  const figures = texts("lab-figure"), names = texts("lab-head"), marks = texts("lab-mark");
  const said = html(box, "span", "lab-said");
  set(root, { tabindex: 0, role: "img" });
  set(said, { "aria-live": "polite" });
  let spec = null, at = null, over = null, lit = null, cursor = 0;

  function filling([tint, lines]) {
    const id = labPen.unique(), stroke = labMarks.colour(tint);
    const one = svg(defs, "pattern", "", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" });
    svg(one, "rect", "", { width: 6, height: 6, fill: stroke });
    if (lines) svg(one, "path", "lab-filling", { d: lines });
    return { fill: `url(#${id})`, stroke };
  }
  function explained() {
    const one = svg(root, "g"), sample = svg(one, "rect", "lab-column-bar");
    return Object.assign(one, { sample, text: svg(one, "text", "lab-legend") });
  }
  const look = (group) => fillings[group % fillings.length];
  function word(place) {
    const v = spec.values[place];
    return spec.words?.[place] ?? (Number.isNaN(v) ? "–" : figure(v, spec.digits));
  }
  // where a bar ends: one without a number, or masked out, has no height
  const end = (v) => (v === Infinity ? at.most : Number.isFinite(v) ? v : 0);

  function drawBars() {
    const { x, y, bar, most, least } = at;
    bars(spec.values.length).forEach((one, place) => {
      const v = spec.values[place], beyond = Number.isFinite(v) && (v > most || v < least), tip = y(end(v));
      const height = Math.max(1, Math.abs(tip - y(0))), group = Math.floor(place / at.count);
      set(one, { x: x(place), y: Math.min(tip, y(0)), width: bar, height, ...look(group) });
      set(one, { class: `lab-column-bar${beyond ? " lab-beyond" : ""}${place === lit ? " lab-lit-bar" : ""}` });
    });
    set(zero, { d: `M0 ${y(0)}H${at.wide}` });
  }
  function drawFigures() {
    const { x, y, bar, flat, shown, type } = at;
    figures(spec.values.length).forEach((one, place) => {
      const v = spec.values[place], below = v < 0 && v !== -Infinity, middle = x(place) + bar / 2;
      const tip = y(end(v)) + (below ? 1 : -1) * (flat ? type * 0.68 : 4);
      const side = flat ? "middle" : below ? "end" : "start";
      const transform = flat ? null : `rotate(-90 ${middle} ${tip})`;
      set(say(one, word(place)), { x: middle, y: tip, "font-size": type, "text-anchor": side, transform });
      set(one, { class: `lab-figure${shown ? "" : " lab-skipped"}${place === lit ? " lab-lit-bar" : ""}` });
    });
  }
  function drawNames() {
    const { em, count, centre, turned, foot, high, signs, every } = at;
    names(count).forEach((one, i) => {
      const x = centre(i), y = high - foot + (turned ? 4 : em * 0.75), side = turned ? "end" : "middle";
      const transform = turned ? `rotate(-90 ${x} ${y})` : null;
      const text = labPen.cut(spec.names[i], at.longestName, box);
      set(say(one, text), { x, y, transform, "font-size": em, "text-anchor": side });
      const here = lit !== null && lit % count === i;
      set(one, { class: `lab-head${i % every ? " lab-skipped" : ""}${here ? " lab-lit-name" : ""}` });
    });
    marks(signs ? spec.marks.length : 0).forEach((one, place) => {
      const x = at.x(place) + at.bar / 2, y = high - foot - signs * 0.45;
      set(say(one, spec.marks[place] ?? ""), { x, y, "font-size": em * 1.05 });
    });
  }
  function drawTitle() {
    const { em, line, edge } = at, groups = at.groups > 1 ? spec.groups : [];
    set(say(title, spec.title ?? ""), { x: edge, y: line / 2, "font-size": em });
    let x = edge + (spec.title ? width(spec.title, box) * em * 1.1 + 1.5 * em : 0);
    legend(groups.length).forEach((one, k) => {
      set(one.sample, { x, y: line / 2 - em * 0.45, width: em * 1.3, height: em * 0.9, ...look(k) });
      set(say(one.text, groups[k]), { x: x + em * 1.55, y: line / 2, "font-size": em });
      x += em * 2.3 + width(groups[k], box) * em;
    });
  }
  function redraw() {
    drawBars();
    drawFigures();
    drawNames();
    drawTitle();
  }

  function draw(next) {
    spec = next;
    if (!size.wide || !size.high) return;
    at = labBarsLayout.of(spec, size, word, box);
    redraw();
    set(root, { "aria-label": spec.title || spec.groups.join(", ") || spec.names.join(", ") });
  }
  function light(place) {
    if (place === lit) return;
    lit = place;
    if (at) redraw();
  }

  function under(event) {
    if (!at) return null;
    const [px] = spot(event, root), name = Math.floor((px - at.edge) / at.pitch);
    if (name < 0 || name >= at.count) return null;
    const group = Math.floor((px - at.x(name)) / at.slot);
    return Math.max(0, Math.min(at.groups - 1, group)) * at.count + name;
  }
  function hover(place) {
    if (place === over) return;
    over = place;
    on.hover?.(place);
  }
  function go(place) {
    cursor = Math.max(0, Math.min(spec.values.length - 1, place));
    hover(cursor);
    const group = spec.groups[Math.floor(cursor / at.count)];
    say(said, `${group ? `${group} ` : ""}${spec.names[cursor % at.count]}: ${word(cursor)}`);
  }
  root.addEventListener("pointermove", (event) => hover(under(event)));
  root.addEventListener("pointerleave", () => hover(null));
  root.addEventListener("click", (event) => under(event) !== null && on.pick?.(under(event)));
  const keyed = labPen.keys(root, ({ key }) => {
    const way = labPen.WAYS[key];
    if (!at || (!way && key !== "Enter" && key !== " ")) return false;
    if (way) go(cursor + way[0] + way[1] * at.count);
    else on.pick?.(cursor);
    return true;
  });
  root.addEventListener("focusin", () => at && keyed() && go(cursor));
  root.addEventListener("focusout", () => hover(null));
  return { draw, light };
}
