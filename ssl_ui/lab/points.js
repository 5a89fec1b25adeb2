// Embeddings as points on a circle, a plane or a sphere, with arrows to where they want to go. Points that are
// not fixed can be dragged, and turned with the arrow keys.
// on = { drag(id, x, done), pick(id), hover(id | null) }
function labPoints(box, on = {}) {
  const { svg, html, set, say, pool, width } = labPen, CROWD = 12, NAMED = 40, TILED = 16;
  const size = labPen.room(box, () => spec && draw(spec)), root = svg(box, "svg", "lab-points");
  const grounds = { 2: labPlane(root), 3: labSphere(root) };
  const leaders = svg(root, "path", "lab-leader"), arrowsIn = svg(root, "g"), arrows = pool(() => svg(arrowsIn, "path", "lab-arrow"));
  const markersIn = svg(root, "g"), markers = pool(marker), names = pool(() => svg(root, "text", "lab-name"));
  const pictures = pool(() => html(box, "div", "lab-tile"));
  const state = { spec: null, ground: grounds[2], x: [], at: [], over: null };
  let spec = null, lit = { ids: new Set(), anchor: null };
  set(root, { tabindex: 0, role: "group" });

  function marker() {
    const one = svg(markersIn, "g");
    return Object.assign(one, { halo: svg(one, "circle", "lab-halo"), shape: svg(one, "path", "lab-marker") });
  }
  const isLit = (p) => lit.ids.has(p.id) || lit.anchor === p.id || state.over === p.id;
  const others = (kind) => kind === "queue" || kind === "prototype" || kind === "target";
  function radius(p, near) {
    const em = size.em * (spec.points.length > 24 ? 0.46 : 0.58) * (p.kind === "queue" ? 0.85 : 1);
    return spec.d === 3 && near < 0 ? em * 0.72 : em;
  }

  function drawMarkers() {
    const all = markers(spec.points.length);
    state.at = spec.points.map((p, k) => {
      const [x, y, near] = state.ground.project(state.x[k]), r = radius(p, near), one = all[k];
      set(one, {
        transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`, style: `--group:${labMarks.colour(p.group)}`, tabindex: p.fixed ? null : 0,
        role: p.fixed ? null : "button", "aria-label": `${p.name}: ${state.ground.tell(state.x[k])}`, "data-id": p.id,
      });
      set(one.shape, { d: labMarks.shape(p.group, p.kind), transform: `scale(${r.toFixed(2)})` });
      set(one.halo, { r: r * 1.75 });
      const far = spec.d === 3 && near < 0, kinds = [`lab-point lab-${p.kind}`, far && "lab-far", isLit(p) && "lab-lit-point", lit.anchor === p.id && "lab-anchor-point"];
      set(one, { class: kinds.filter(Boolean).join(" ") });
      return { x, y, near, r: isLit(p) ? r * 1.75 : r, far };
    });
    stack(all);
  }
  // views lie above the queue, and what is near on top; the element with the focus stays, since to move it would take the focus away
  function stack(all) {
    const height = all.map((_, k) => state.at[k].near + (others(spec.points[k].kind) ? 0 : 0.01));
    const order = all.map((_, k) => k).sort((a, b) => height[a] - height[b]).map((k) => all[k]);
    const nodes = markersIn.children;
    if (order.every((one, k) => nodes[k] === one)) return;
    const still = order.indexOf(document.activeElement);
    order.forEach((one, k) => k !== still && (still >= 0 && k < still ? order[still].before(one) : markersIn.append(one)));
  }

  function drawArrows() {
    const { d } = spec, all = arrows(spec.arrows ? spec.points.length : 0);
    all.forEach((one, k) => {
      const from = state.at[k], [x, y] = state.ground.project(state.x[k].map((v, i) => v + spec.arrows[k * d + i]));
      const dx = x - from.x, dy = y - from.y, length = Math.hypot(dx, dy);
      const head = Math.min(size.em * (spec.points.length > 24 ? 0.6 : 0.75), length), [u, v] = [dx / length, dy / length], [bx, by] = [x - u * head, y - v * head], w = head * 0.36;
      const path = `M${from.x} ${from.y}L${bx} ${by}M${x} ${y}L${bx - v * w} ${by + u * w}L${bx + v * w} ${by - u * w}Z`;
      set(one, { d: length > 2 ? path : "", class: `lab-arrow${from.far ? " lab-far" : ""}` });
    });
  }

  const label = (p) => `${lit.anchor === p.id ? "▶ " : ""}${p.name}${p.label === null || p.label === undefined ? "" : ` (${p.label})`}`;
  function shownNames() {
    const crowd = spec.points.filter((p) => others(p.kind)).length > CROWD, many = spec.points.filter((p) => !others(p.kind)).length > NAMED;
    return spec.points.map((p, k) => k).filter((k) => {
      const p = spec.points[k];
      return isLit(p) || !(others(p.kind) ? crowd : many);
    });
  }
  const tiled = () => spec.tiles && spec.points.filter((p) => p.tile >= 0 && p.tile !== null).length <= TILED && spec.d === 2 && spec.sphere;
  function drawNames() {
    const { em } = size, { ground } = state, shown = shownNames(), ring = spec.d === 2 && spec.sphere;
    const named = shown.map((k) => ({ ...state.at[k], wide: width(label(spec.points[k]), box) * em }));
    const places = ring ? labPointNames.around(named, ground.middle(), ground.radius(), em, tiled() ? em * 0.8 : 0) : labPointNames.beside(named, state.at, em);
    names(shown.length).forEach((one, k) => {
      const p = spec.points[shown[k]], { x, y, anchor } = places[k];
      set(say(one, label(p)), { x, y, "text-anchor": anchor, "font-size": em, class: `lab-name${isLit(p) ? " lab-lit-name" : ""}${named[k].far ? " lab-far" : ""}` });
    });
    set(leaders, { d: places.map((place) => place.lead).join("") });
    drawTiles(shown, places, named, ring);
  }
  // beside a name on the circle, above a point elsewhere
  function drawTiles(shown, places, named, ring) {
    const { em, wide, high } = size, side = Math.round(em * 2), all = tiled(), gap = em * 0.3;
    const seen = shown.map((k, i) => [spec.points[k], i]).filter(([p]) => spec.tiles && p.tile !== null && p.tile >= 0 && (all || isLit(p)));
    const keep = (v, most) => Math.max(0, Math.min(most - side, v));
    pictures(seen.length).forEach((one, n) => {
      const [p, i] = seen[n], { x, y, anchor, s } = places[i], { r } = named[i];
      const along = { start: named[i].wide + gap, end: -named[i].wide - gap - side, middle: -side / 2 }[anchor];
      const off = anchor === "middle" ? Math.sign(s) * (side / 2 + em * 0.7) : 0;
      const [u, v] = ring ? [x + along, y + off - side / 2] : [named[i].x - side / 2, named[i].y - r - gap - side];
      labPen.tile(one, spec.tiles, p.tile, side);
      one.style.transform = `translate(${keep(u, wide)}px, ${keep(v, high)}px)`;
    });
  }

  function redraw() {
    if (!spec || !size.wide || !size.high) return;
    drawMarkers();
    drawArrows();
    drawNames();
  }
  function draw(next) {
    const kept = hands.held(), old = kept === null ? null : state.x[state.spec.points.findIndex((p) => p.id === kept)];
    spec = state.spec = next;
    state.ground = grounds[spec.d];
    state.x = spec.points.map((p) => (p.id === kept && old ? old : Array.from(p.x)));
    for (const d in grounds) grounds[d].show(Number(d) === spec.d);
    root.classList.toggle("lab-globe", spec.d === 3);
    hands.show(spec.d === 3, spec.words);
    if (size.wide && size.high) state.ground.place(spec, size, size.em * (tiled() ? 5 : 2.9));
    redraw();
  }
  function light(ids, anchor = null) {
    lit = { ids: ids ?? new Set(), anchor };
    if (spec) redraw();
  }
  const hands = labPointHands(box, root, state, on, redraw);
  return { draw, light };
}
