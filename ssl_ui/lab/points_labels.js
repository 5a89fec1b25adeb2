// The names of points, and their pictures: beside the names on the circle, where they are few; elsewhere above
// the points that are lit.
const labPointLabels = (() => {
  const CROWD = 12, NAMED = 40, TILED = 16; // so many points aside, views and pictures are all shown
  const aside = ({ kind }) => kind === "queue" || kind === "prototype" || kind === "target";
  const pictured = (spec) => (spec.tiles ? spec.points.filter((p) => (p.tile ?? -1) >= 0) : []);
  const round = (spec) => spec.d === 2 && spec.sphere;
  const allPictures = (spec) => round(spec) && pictured(spec).length > 0 && pictured(spec).length <= TILED;

  function shown(spec, isLit) {
    const besides = spec.points.filter(aside).length, crowd = besides > CROWD;
    const many = spec.points.length - besides > NAMED, hidden = (p) => (aside(p) ? crowd : many);
    return spec.points.map((_, k) => k).filter((k) => isLit(spec.points[k]) || !hidden(spec.points[k]));
  }
  function label(p, anchor) {
    const known = p.label !== null && p.label !== undefined;
    return `${anchor === p.id ? "▶ " : ""}${p.name}${known ? ` (${p.label})` : ""}`;
  }

  function labels(box, root) {
    const { svg, html, set, say, pool, width } = labPen;
    const leaders = svg(root, "path", "lab-leader"), names = pool(() => svg(root, "text", "lab-point-name"));
    const pictures = pool(() => html(box, "div", "lab-thumb"));

    function draw({ spec, at, ground }, size, isLit, anchor) {
      const { em } = size, gap = allPictures(spec) ? em * 0.8 : 0;
      const named = shown(spec, isLit).map((k) => {
        const p = spec.points[k], text = label(p, anchor);
        return { ...at[k], p, text, lit: isLit(p), wide: width(text, box) * em };
      });
      const places = round(spec)
        ? labPointNames.around(named, ground.middle(), ground.radius(), em, gap)
        : labPointNames.beside(named, at, em);
      names(named.length).forEach((one, k) => {
        const { text, lit, far } = named[k], { x, y, anchor: side } = places[k];
        set(say(one, text), { x, y, "text-anchor": side, "font-size": em });
        set(one, { class: `lab-point-name${lit ? " lab-lit-name" : ""}${far ? " lab-far" : ""}` });
      });
      set(leaders, { d: places.map((place) => place.lead).join("") });
      drawPictures(spec, size, named, places);
    }
    function drawPictures(spec, { em, wide, high }, named, places) {
      const side = Math.round(em * 2), gap = em * 0.3, all = allPictures(spec), some = pictured(spec);
      const seen = named.map((_, k) => k).filter((k) => some.includes(named[k].p) && (all || named[k].lit));
      const keep = (v, most) => Math.max(0, Math.min(most - side, v));
      pictures(seen.length).forEach((one, n) => {
        const mine = named[seen[n]], { x, y, anchor, s } = places[seen[n]];
        const along = { start: mine.wide + gap, end: -mine.wide - gap - side, middle: -side / 2 }[anchor];
        const off = anchor === "middle" ? Math.sign(s) * (side / 2 + em * 0.7) : 0;
        const above = [mine.x - side / 2, mine.y - mine.r - gap - side];
        const [u, v] = round(spec) ? [x + along, y + off - side / 2] : above;
        labPen.tile(one, spec.tiles, mine.p.tile, side);
        one.style.transform = `translate(${keep(u, wide)}px, ${keep(v, high)}px)`;
      });
    }
    return { draw, margin: (spec) => (allPictures(spec) ? 5 : spec.points.some((p) => p.label !== null) ? 4.4 : 2.9) };
  }
  return Object.assign(labels, { aside });
})();
