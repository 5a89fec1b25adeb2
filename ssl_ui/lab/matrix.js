// A matrix with its figures, signs and names. Large ones are pixels of a canvas, one for each cell, enlarged.
// on = { hover(row, column) | hover(null), pick(row) }
function labMatrix(box, on = {}) {
  const { svg, html, set, say, pool, spot } = labPen, PLAIN = "#f7f7f7", TRUE = "✓";
  const size = labPen.room(box, () => spec && draw(spec));
  const hatch = html(box, "div", "lab-hatch"), canvas = html(box, "canvas", "lab-pixels");
  const root = svg(box, "svg", "lab-matrix");
  const cellsIn = svg(root, "g"), edges = labMatrixEdges(box, root), textsIn = svg(root, "g", "lab-figures");
  const signs = Object.fromEntries(labMarks.SIGNS.map((name) =>
    [name, ["lab-under", "lab-over"].map((kind) => svg(root, "path", `lab-sign ${kind} lab-sign-${name}`))]));
  const lights = labMatrixLight(root, edges), said = html(box, "span", "lab-said");
  const cells = pool(() => svg(cellsIn, "rect")), texts = pool(() => svg(textsIn, "text"));
  set(root, { tabindex: 0, role: "img" });
  set(said, { "aria-live": "polite" });
  let spec = null, at = null, key = "", fit = null, masks = [], over = null, cursor = [0, 0];

  const masked = (v) => Number.isNaN(v) || v === -Infinity;
  function word(k) {
    const v = spec.values[k];
    if (spec.kind === "flag") return v ? TRUE : "";
    if (spec.words) return spec.words[k] ?? "";
    return masked(v) ? "" : labPen.figure(v, /^Float/.test(spec.values.constructor.name) ? spec.digits : 0);
  }
  function painter() {
    if (spec.words && at.full) return null;
    const flag = spec.kind === "flag";
    return labMarks.scale(spec.signed && !flag, flag ? 1 : spec.limit || 1);
  }

  function place() {
    const { left, top, cw, ch } = at;
    const area = { left, top, width: at.columns * cw, height: at.rows * ch };
    for (const { style } of [hatch, canvas]) for (const side in area) style[side] = `${area[side]}px`;
    canvas.hidden = at.full;
    edges.place(spec, at);
    const count = at.full ? at.rows * at.columns : 0;
    const drawn = texts(count);
    cells(count).forEach((one, k) => {
      const x = left + (k % at.columns) * cw, y = top + Math.floor(k / at.columns) * ch;
      set(one, { x, y, width: cw, height: ch });
      set(drawn[k], { x: x + cw / 2, y: y + ch / 2 });
    });
  }

  function paintCells(paint) {
    const all = cells(spec.values.length), drawn = texts(spec.values.length);
    const words = all.map((_, k) => word(k));
    const wanted = labMatrixLayout.figures(at, words, box);
    if (!fit || !wanted || wanted.type < fit.type) fit = wanted; // type only shrinks while a film plays
    set(textsIn, { "font-size": fit?.type ?? 0, display: fit ? null : "none" });
    for (let k = 0; k < all.length; k++) {
      const v = spec.values[k];
      set(all[k], { fill: masked(v) ? "none" : paint ? paint.css[paint.place(v)] : PLAIN });
      say(drawn[k], fit ? fit.short(words[k]) : "");
    }
  }
  function paintPixels(paint) {
    const { rows: height, columns: width } = at;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pixels = new ImageData(width, height);
    spec.values.forEach((v, k) => {
      if (!masked(v)) pixels.data.set([...paint.rgb[paint.place(v)], 255], 4 * k);
    });
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }
  function drawSigns(moved) {
    const now = Object.fromEntries((spec.layers ?? []).map((layer) => [layer.name, layer.mask]));
    const same = (a, b) => a === b || (a && b && a.length === b.length && a.every((v, k) => v === b[k]));
    for (const name in signs) {
      if (!moved && same(masks[name], now[name])) continue;
      const d = now[name] ? labMarks.signs(name, now[name], at, Boolean(fit)) : "";
      for (const path of signs[name]) set(path, { d });
    }
    masks = Object.fromEntries(Object.entries(now).map(([name, mask]) => [name, mask.slice()]));
    root.classList.toggle("lab-beside", Boolean(fit));
    root.classList.toggle("lab-crowded", !fit && at.ch < 30);
    set(root, { style: `--lab-cell:${at.ch}` });
  }

  function draw(next) {
    spec = next;
    if (!size.wide || !size.high) return;
    const before = `${key} ${Boolean(fit)}`;
    const { rows, columns, kind, down, across, breaks, tiles } = spec;
    const now = JSON.stringify([rows, columns, kind, down, across, breaks, tiles, size]);
    if (now !== key) {
      [key, fit, at] = [now, null, labMatrixLayout.of(spec, size, box)];
      place();
    }
    if (at.full) paintCells(painter());
    else paintPixels(painter());
    drawSigns(before !== `${key} ${Boolean(fit)}`);
    lights.place(at);
    set(root, { "aria-label": [spec.down, spec.across].filter(Boolean).join(" × ") || spec.rows[0] });
  }

  function hover(row, column) {
    const now = row < 0 || column < 0 ? null : row * at.columns + column;
    if (now === over) return;
    over = now;
    if (now === null) on.hover?.(null);
    else on.hover?.(row, column);
  }
  function go(row, column) {
    const within = (k, most) => Math.max(0, Math.min(most - 1, k));
    const [r, c] = (cursor = [within(row, at.rows), within(column, at.columns)]);
    hover(r, c);
    say(said, `${spec.rows[r]}, ${spec.columns[c]}: ${word(r * at.columns + c) || "–"}`);
  }
  root.addEventListener("pointermove", (event) => {
    if (!at) return;
    const { row, column } = labMatrixLayout.hit(at, spot(event, root));
    hover(row, column);
    root.classList.toggle("lab-can", row >= 0);
  });
  root.addEventListener("pointerleave", () => hover(-1, -1));
  root.addEventListener("click", (event) => {
    const { row } = at ? labMatrixLayout.hit(at, spot(event, root)) : { row: -1 };
    if (row >= 0) on.pick?.(row);
  });
  const keyed = labPen.keys(root, ({ key: pressed }) => {
    const way = labPen.WAYS[pressed];
    if (!at || (!way && !["Enter", " ", "Home", "End"].includes(pressed))) return false;
    if (way) go(cursor[0] + way[1], cursor[1] + way[0]);
    else if (pressed === "Home" || pressed === "End") go(cursor[0], pressed === "End" ? at.columns - 1 : 0);
    else on.pick?.(cursor[0]);
    return true;
  });
  root.addEventListener("focusin", () => at && keyed() && go(...cursor));
  root.addEventListener("focusout", () => hover(-1, -1));
  return { draw, light: lights.show };
}
