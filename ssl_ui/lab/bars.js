// A vector, or one for each view: upright bars with their figures, side by side under one name. Each view has a
// filling of its own besides its colour. A place is group × names + name, as in the values.
// on = { hover(place) | hover(null), pick(place) }
function labBars(box, on = {}) {
  const { svg, html, set, say, pool, figure, width, spot } = labPen;
  const size = labPen.room(box, () => spec && draw(spec)), root = svg(box, "svg", "lab-bars");
  const FILLINGS = ["", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5", "M0 3H6", "M1.5 3a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0", "M3 0V6M0 3H6"];
  const TINTS = [0, 6, 4, 1, 3];
  const defs = svg(root, "defs"), fillings = TINTS.map((tint, k) => filling(labMarks.colour(tint), FILLINGS[k]));
  const title = svg(root, "text", "lab-title"), legend = pool(() => { const g = svg(root, "g"); svg(g, "rect", "lab-bar"); svg(g, "text", "lab-legend"); return g; });
  const barsIn = svg(root, "g"), zero = svg(root, "path", "lab-zero"), bars = pool(() => svg(barsIn, "rect", "lab-bar"));
  const figures = pool(() => svg(root, "text", "lab-figure")), names = pool(() => svg(root, "text", "lab-head"));
  const marks = pool(() => svg(root, "text", "lab-mark")), said = html(box, "span", "lab-said");
  set(root, { tabindex: 0, role: "img" });
  set(said, { "aria-live": "polite" });
  let spec = null, at = null, over = null, lit = null, cursor = 0;

  function filling(colour, lines) {
    const id = labPen.unique(), one = svg(defs, "pattern", "", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" });
    svg(one, "rect", "", { width: 6, height: 6, fill: colour });
    if (lines) svg(one, "path", "lab-filling", { d: lines });
    return { colour, fill: `url(#${id})` };
  }
  const look = (group) => fillings[group % fillings.length];
  const word = (place) => spec.words?.[place] ?? (Number.isNaN(spec.values[place]) ? "–" : figure(spec.values[place], spec.digits));

  function layout() {
    const { wide, high, em } = size, groups = spec.groups.length, count = spec.names.length, small = em * 0.9;
    const pitch = (wide - em * 0.6) / count, slot = Math.min((pitch * 0.86) / groups, em * 4.6), bar = slot * (groups > 1 ? 0.9 : 0.94);
    const longest = Math.max(...Array.from(spec.values, (_, place) => width(word(place), box)));
    const type = Math.min(em, (slot - 2) / longest), flat = type >= 10;
    const upright = !flat && slot >= 11, figure = flat ? type : Math.min(small, slot * 0.95);
    const room = flat ? figure * 1.35 : upright ? longest * figure + 8 : 4;
    const named = Math.max(0, ...spec.names.map((name) => width(name, box))) * em;
    const turned = named > pitch - 3, foot = named && (turned ? Math.min(named, 7 * em, high * 0.35) + 8 : em * 1.35);
    const line = spec.title || groups > 1 ? em * 1.5 : 2, signs = spec.marks?.some(Boolean) ? em * 1.1 : 0;
    const finite = Array.from(spec.values).filter(Number.isFinite), negative = finite.some((v) => v < 0);
    const most = Math.max(0, spec.limit ?? Math.max(0, ...finite)), least = negative ? spec.limit ? -spec.limit : Math.min(...finite) : 0;
    const top = line + room, floor = high - foot - signs - 2 - (negative ? room : 0);
    const y = (v) => floor - ((Math.max(least, Math.min(most, v)) - least) / (most - least || 1)) * (floor - top);
    const x = (place) => em * 0.3 + ((place % count) + 0.5) * pitch + (Math.floor(place / count) - groups / 2) * slot + (slot - bar) / 2;
    const every = turned ? Math.max(1, Math.ceil((em * 1.05) / pitch)) : 1;
    return { groups, count, pitch, slot, bar, flat, upright, figure, turned, foot, signs, most, least, top, floor, x, y, every, em, high, wide, line };
  }

  function drawBars() {
    const { x, y, bar, most, least } = at, total = spec.values.length;
    bars(total).forEach((one, place) => {
      const v = spec.values[place], end = v === Infinity ? most : v === -Infinity || Number.isNaN(v) ? 0 : v;
      const top = Math.min(y(end), y(0)), group = Math.floor(place / at.count);
      set(one, {
        x: x(place), y: top, width: bar, height: Math.max(1, Math.abs(y(end) - y(0))), fill: look(group).fill, stroke: look(group).colour,
        class: `lab-bar${Number.isFinite(v) && (v > most || v < least) ? " lab-beyond" : ""}`,
      });
    });
    set(zero, { d: `M0 ${y(0)}H${at.wide}` });
  }
  function drawFigures() {
    const { x, y, bar, flat, upright, figure: type } = at, shown = flat || upright;
    figures(spec.values.length).forEach((one, place) => {
      const v = spec.values[place], below = v < 0 && v !== -Infinity, middle = x(place) + bar / 2;
      const end = y(Number.isFinite(v) ? v : v === Infinity ? at.most : 0) + (below ? 1 : -1) * (flat ? type * 0.68 : 4);
      const anchor = flat ? "middle" : below ? "end" : "start", transform = flat ? null : `rotate(-90 ${middle} ${end})`;
      set(say(one, word(place)), { x: middle, y: end, "font-size": Math.max(10, type), "text-anchor": anchor, transform });
      one.classList.toggle("lab-skipped", !shown);
    });
  }
  function drawEdges() {
    const { em, count, pitch, turned, foot, high, signs, line } = at;
    names(count).forEach((one, i) => {
      const x = em * 0.3 + (i + 0.5) * pitch, y = turned ? high - foot + 4 : high - foot + em * 0.75;
      const transform = turned ? `rotate(-90 ${x} ${y})` : null;
      set(say(one, labPen.cut(spec.names[i], turned ? (foot - 8) / em + 0.01 : 99, box)), { x, y, transform, "font-size": em, "text-anchor": turned ? "end" : "middle" });
      one.classList.toggle("lab-skipped", i % at.every > 0);
    });
    const some = spec.marks ?? [];
    marks(signs ? some.length : 0).forEach((one, place) =>
      set(say(one, some[place] ?? ""), { x: at.x(place) + at.bar / 2, y: high - foot - signs * 0.45, "font-size": em * 1.05 }));
    const titled = spec.title ? width(spec.title, box) * em * 1.1 + 1.5 * em : 0, said = at.groups > 1 ? spec.groups : [];
    set(say(title, spec.title ?? ""), { x: em * 0.3, y: line / 2, "font-size": em });
    let x = em * 0.3 + titled;
    legend(said.length).forEach((g, k) => {
      set(g.firstChild, { x, y: line / 2 - em * 0.45, width: em * 1.3, height: em * 0.9, fill: look(k).fill, stroke: look(k).colour });
      set(say(g.lastChild, said[k]), { x: x + em * 1.55, y: line / 2, "font-size": em });
      x += em * 2.3 + width(said[k], box) * em;
    });
  }

  function draw(next) {
    spec = next;
    if (!size.wide || !size.high) return;
    at = layout();
    drawBars();
    drawFigures();
    drawEdges();
    set(root, { "aria-label": spec.title || spec.groups.join(", ") || spec.names.join(", ") });
    light(lit);
  }
  function light(place) {
    lit = place;
    if (!at) return;
    const all = [bars(spec.values.length), figures(spec.values.length)];
    all.forEach((some) => some.forEach((one, k) => one.classList.toggle("lab-lit-bar", k === place)));
    names(at.count).forEach((one, i) => one.classList.toggle("lab-lit-name", place !== null && i === place % at.count));
  }

  function under(event) {
    if (!at) return null;
    const [px] = spot(event, root), name = Math.floor((px - at.em * 0.3) / at.pitch);
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
  root.addEventListener("click", (event) => { const place = under(event); if (place !== null) on.pick?.(place); });
  const keyed = labPen.keys(root, ({ key }) => {
    const way = labPen.WAYS[key];
    if (!at || (!way && key !== "Enter" && key !== " ")) return false;
    if (way) go(cursor + way[0] + way[1] * at.count);
    else on.pick?.(cursor);
    return true;
  });
  root.addEventListener("focusin", () => at && keyed() && go(Math.min(cursor, spec.values.length - 1)));
  root.addEventListener("focusout", () => hover(null));
  return { draw, light };
}
