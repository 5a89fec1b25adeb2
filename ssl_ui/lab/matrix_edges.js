// The edges of a matrix: names, pictures and what the axes are; and the grid between the cells.
function labMatrixEdges(root, frame) {
  const { svg, html, set, say, pool } = labPen;
  const lines = svg(frame, "path", "lab-grid"), breaks = svg(frame, "path", "lab-break");
  const down = svg(frame, "text", "lab-axis"), across = svg(frame, "text", "lab-axis");
  const rows = pool(() => svg(frame, "text", "lab-head lab-head-row"));
  const columns = pool(() => svg(frame, "text", "lab-head"));
  const pictures = pool(() => html(root, "div", "lab-thumb"));
  let heads = { rows: [], columns: [] };

  function titles(spec, at) {
    const first = spec.down ? `${spec.down} ↓` : "", second = spec.across ? `${spec.across} →` : "";
    const wide = labPen.width(first, root) * at.em, y = at.em * 0.95;
    const x = Math.max(at.left, at.headLeft + wide + at.em), most = (root.clientWidth - x) / at.em;
    set(say(down, first), { x: at.headLeft, y, "font-size": at.em });
    set(say(across, labPen.cut(second, most, root)), { x, y, "font-size": at.em });
  }

  function names(spec, at) {
    const cut = (name) => labPen.cut(name, labMatrixLayout.NAME_MOST, root), { left, top, cw, ch, type } = at;
    const right = left - 7 - (at.rowTile && at.rowTile + 5);
    const above = top - 6 - (at.columnTile && at.columnTile + 4);
    heads = { rows: rows(at.rows), columns: columns(at.columns) };
    heads.rows.forEach((one, i) => {
      set(say(one, cut(spec.rows[i])), { x: right, y: top + (i + 0.5) * ch, "font-size": type });
      one.classList.toggle("lab-skipped", i % at.rowEvery > 0);
    });
    heads.columns.forEach((one, j) => {
      const x = left + (j + 0.5) * cw, turn = at.turned ? `rotate(-90 ${x} ${above})` : null;
      const y = above - (at.turned ? 0 : type * 0.4);
      set(say(one, cut(spec.columns[j])), { x, y, transform: turn, "font-size": type });
      one.classList.toggle("lab-turned", at.turned);
      one.classList.toggle("lab-skipped", j % at.columnEvery > 0);
    });
  }

  function tiles(spec, at) {
    const { left, top, cw, ch, rowTile, columnTile } = at, wanted = [];
    const ask = (all, side, where) =>
      side && all.forEach((tile, i) => tile >= 0 && wanted.push([tile, side, ...where(i)]));
    ask(spec.tiles?.rows ?? [], rowTile, (i) => [left - rowTile - 5, top + (i + 0.5) * ch - rowTile / 2]);
    ask(spec.tiles?.cols ?? [], columnTile, (j) =>
      [left + (j + 0.5) * cw - columnTile / 2, top - columnTile - 4]);
    pictures(wanted.length).forEach((one, k) => {
      const [tile, side, x, y] = wanted[k];
      labPen.tile(one, spec.tiles, tile, side);
      one.style.transform = `translate(${x}px, ${y}px)`;
    });
  }

  function grid(spec, { left, top, cw, ch, rows: r, columns: c }) {
    const level = (k) => `M${left} ${top + k * ch}h${c * cw}`;
    const upright = (k) => `M${left + k * cw} ${top}v${r * ch}`;
    const each = (count, draw, step = 1) =>
      Array.from({ length: Math.max(0, Math.ceil(count / step) - 1) }, (_, k) => draw((k + 1) * step));
    const inner = Math.min(cw, ch) >= 6 ? [...each(r, level), ...each(c, upright)] : [];
    set(lines, { d: [level(0), level(r), upright(0), upright(c), ...inner].join("") });
    const square = spec.rows.join() === spec.columns.join(); // then the columns have the same parts
    const k = spec.breaks, thick = k ? [...each(r, level, k), ...(square ? each(c, upright, k) : [])] : [];
    set(breaks, { d: thick.join("") });
  }

  return {
    place: (spec, at) => [titles, names, tiles, grid].forEach((draw) => draw(spec, at)),
    heads: () => heads,
  };
}
