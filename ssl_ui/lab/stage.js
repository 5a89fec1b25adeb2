// One stage of the loss as a picture: a matrix, bars, words in cells, or one large number.
// labStage(box, on) → {draw(film, name, frame, options), light(lit)}; on = {hover(row, column | null), pick(row)}.
function labStage(box, on) {
  box.innerHTML = `<div class="lab-stage-matrix"></div><div class="lab-stage-bars"></div>
    <output class="lab-scalar"></output>`;
  const [matrixBox, barsBox, scalar] = box.children;
  const matrix = labMatrix(matrixBox, on);
  const bars = labBars(barsBox, { hover: (k) => on.hover(k, null), pick: on.pick });
  const show = (chosen) => { for (const child of box.children) child.hidden = child !== chosen; };
  let shown = null;

  function draw(film, name, frame, options = {}) {
    const stage = film.byName.get(name), values = film.at(name, frame), axes = stage.axes;
    if (stage.shape.length === 0) {
      show(scalar);
      shown = null;
      scalar.textContent = labNumber(values[0], 7);
      scalar.style.fontSize = `${Math.min(4.6, 40 / scalar.textContent.length)}em`; // a long number fits as well
    } else if (stage.shape.length === 1 && stage.kind === "number") {
      show((shown = barsBox));
      bars.draw({ groups: [""], names: axes[0].names, values, digits: 3, title: "" });
    } else if (stage.shape.length === 2 && axes[0].rows && stage.kind === "number") {
      show((shown = barsBox));
      bars.draw({ groups: axes[0].names, names: axes[1].names, values, digits: 3, title: "" });
    } else {
      show((shown = matrixBox));
      matrix.draw(table(film, stage, values, options));
    }
  }

  // rows and columns of a stage with one, two or three axes; three are laid view under view
  function table(film, stage, values, options) {
    const [first, ...rest] = stage.axes, flat = stage.shape.length === 1;
    const rows = flat ? [""] : stage.shape.length === 3 ? first.rows : first.names;
    const columns = flat ? first.names : rest.at(-1).names;
    const numbers = stage.kind === "number" || stage.kind === "count";
    const scale = numbers ? spread(values) : { signed: false, limit: 1 };
    return {
      rows, columns, values, ...scale,
      kind: stage.kind === "flag" ? "flag" : numbers ? "number" : "word",
      words: stage.kind === "place" || stage.kind === "class" ? [...values].map((k) => called(stage, k)) : null,
      digits: stage.kind === "count" ? 0 : scale.limit >= 100 ? 1 : 2,
      down: flat ? "" : first.title, across: flat ? first.title : rest.at(-1).title,
      breaks: stage.shape.length === 3 ? stage.shape[1] : 0,
      tiles: options.tiles ? { ...options.tiles, rows: tiles(film, first, flat), cols: tiles(film, flat ? first : rest.at(-1)) } : null,
      layers: options.layers ?? [],
    };
  }

  function called(stage, k) {
    if (!stage.into) return `${on.words.class} ${k}`;
    return k < 0 ? on.words.none : stage.into[k];
  }

  function tiles(film, axis, flat) {
    if (flat) return null;
    return axis.who.map((who) => (Array.isArray(who) && who.length === 1 ? film.points[who[0]].tile ?? -1 : -1));
  }

  // What colours are measured by: cosines and shares by 1, all else by the largest that is there.
  function spread(values) {
    let limit = 0, signed = false;
    for (const v of values) {
      if (!Number.isFinite(v)) continue;
      if (v < 0) signed = true;
      limit = Math.max(limit, Math.abs(v));
    }
    return { signed, limit: limit <= 1 + 1e-6 ? 1 : limit };
  }

  function light(lit) {
    if (shown === matrixBox) matrix.light(lit);
    if (shown === barsBox) bars.light(lit.anchor ?? lit.cell?.[0] ?? null);
  }
  return { draw, light };
}
