// What is lit in a matrix: outlines around rows, columns and a cell, and ▶ before the anchor's name. Called on
// every move of the pointer, so only what changed is touched.
function labMatrixLight(root, edges) {
  const { svg, set, say } = labPen;
  const outlines = ["lab-lit-row", "lab-lit-column", "lab-lit-cell"].map((kind) =>
    ["lab-under", "lab-over"].map((level) => svg(root, "path", `lab-outline ${level} ${kind}`)));
  const sign = say(svg(root, "text", "lab-anchor-sign"), "▶");
  const none = { rows: new Set(), columns: new Set(), cell: null, anchor: null };
  let at = null, lit = none, named = [];

  function names() {
    const heads = edges.heads(), pick = (all, places) => [...places].map((k) => all[k]).filter(Boolean);
    const now = [...pick(heads.rows, lit.rows), ...pick(heads.columns, lit.columns)];
    for (const one of named) if (!now.includes(one)) one.classList.remove("lab-lit-name");
    for (const one of now) one.classList.add("lab-lit-name");
    named = now;
  }
  function show(next) {
    lit = { ...none, ...next };
    if (!at) return;
    const { left, top, cw, ch, rows, columns } = at;
    const box = (row, column, high, wide) =>
      `M${left + column * cw} ${top + row * ch}h${wide * cw}v${high * ch}h${-wide * cw}Z`;
    const within = (places, most) => [...places].filter((k) => k >= 0 && k < most);
    const [row, column] = lit.cell ?? [-1, -1];
    const inside = row >= 0 && row < rows && column >= 0 && column < columns;
    const paths = [
      within(lit.rows, rows).map((i) => box(i, 0, 1, columns)).join(""),
      within(lit.columns, columns).map((j) => box(0, j, rows, 1)).join(""),
      inside ? box(row, column, 1, 1) : "",
    ];
    outlines.forEach((pair, k) => pair.forEach((path) => set(path, { d: paths[k] })));
    names();
    const here = lit.anchor !== null && lit.anchor >= 0 && lit.anchor < rows;
    const y = top + ((lit.anchor ?? 0) + 0.5) * ch, display = here ? null : "none";
    set(sign, { x: at.headLeft, y, "font-size": at.em * 0.85, display });
  }
  const place = (layout) => {
    if (layout === at) return;
    at = layout;
    show(lit);
  };
  return { show, place };
}
