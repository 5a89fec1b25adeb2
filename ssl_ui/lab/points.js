// Embeddings as points on a circle, a plane or a sphere, with arrows to where they want to go. Points that are
// not fixed can be dragged, and turned with the arrow keys.
// on = { drag(id, x, done), pick(id), hover(id | null) }
function labPoints(box, on = {}) {
  const { svg, set, pool } = labPen, CROWD = 24; // with more points all is drawn smaller
  const HALO = 1.75; // of a lit point, to the point itself
  const size = labPen.room(box, () => spec && draw(spec)), root = svg(box, "svg", "lab-cloud");
  const grounds = { 2: labPlane(root), 3: labSphere(root) };
  const labels = labPointLabels(box, root); // lines to the names below the points, the names themselves above
  const arrowsIn = svg(root, "g"), arrows = pool(() => svg(arrowsIn, "path", "lab-arrow"));
  const markersIn = svg(root, "g"), markers = pool(marker);
  const state = { spec: null, ground: grounds[2], x: [], at: [], over: null };
  let spec = null, lit = { ids: new Set(), anchor: null };
  set(root, { tabindex: 0, role: "group" });

  function marker() {
    const one = svg(markersIn, "g");
    return Object.assign(one, { halo: svg(one, "circle", "lab-halo"), shape: svg(one, "path", "lab-marker") });
  }
  const isLit = (p) => lit.ids.has(p.id) || lit.anchor === p.id || state.over === p.id;
  const crowded = () => spec.points.length > CROWD;
  function radius(p, near) {
    const em = size.em * (crowded() ? 0.46 : 0.58) * (p.kind === "queue" ? 0.85 : 1);
    return spec.d === 3 && near < 0 ? em * 0.72 : em;
  }

  function drawMarkers() {
    const all = markers(spec.points.length), { ground } = state;
    state.at = spec.points.map((p, k) => {
      const [x, y, near] = ground.project(state.x[k]), r = radius(p, near), one = all[k];
      const far = spec.d === 3 && near < 0;
      const kinds = [
        `lab-point lab-kind-${p.kind}`, far && "lab-far", isLit(p) && "lab-lit-point",
        lit.anchor === p.id && "lab-anchor-point",
      ];
      set(one, { class: kinds.filter(Boolean).join(" "), transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})` });
      set(one, { style: `--group:${labMarks.colour(p.group)}`, "data-id": p.id });
      set(one, { tabindex: p.fixed ? null : 0, role: p.fixed ? null : "button" });
      set(one, { "aria-label": `${p.name}: ${ground.tell(state.x[k])}` });
      set(one.shape, { d: labMarks.shape(p.group, p.kind), transform: `scale(${r.toFixed(2)})` });
      set(one.halo, { r: r * HALO });
      return { x, y, near, far, r: isLit(p) ? r * HALO : r };
    });
    stack(all);
  }
  // Views lie above the queue, and what is near on top. The element with the focus stays where it is: to move
  // it would take the focus away.
  function stack(all) {
    const height = all.map((_, k) => state.at[k].near + (labPointLabels.aside(spec.points[k]) ? 0 : 0.01));
    const order = all.map((_, k) => k).sort((a, b) => height[a] - height[b]).map((k) => all[k]);
    const nodes = markersIn.children;
    if (order.every((one, k) => nodes[k] === one)) return;
    const still = order.indexOf(document.activeElement);
    order.forEach((one, k) => {
      if (k < still) order[still].before(one);
      else if (k > still) markersIn.append(one);
    });
  }

  function drawArrows() {
    const { d } = spec, most = size.em * (crowded() ? 0.6 : 0.75);
    arrows(spec.arrows ? spec.points.length : 0).forEach((one, k) => {
      const from = state.at[k], wish = state.x[k].map((v, i) => v + spec.arrows[k * d + i]);
      const [x, y] = state.ground.project(wish), length = Math.hypot(x - from.x, y - from.y);
      const head = Math.min(most, length), w = head * 0.36;
      const [u, v] = [(x - from.x) / length, (y - from.y) / length];
      const [bx, by] = [x - u * head, y - v * head];
      const tip = `M${x} ${y}L${bx - v * w} ${by + u * w}L${bx + v * w} ${by - u * w}Z`;
      const seen = length > 2 ? `M${from.x} ${from.y}L${bx} ${by}${tip}` : "";
      set(one, { d: seen, class: `lab-arrow${from.far ? " lab-far" : ""}` });
    });
  }

  function redraw() {
    if (!spec || !size.wide || !size.high) return;
    drawMarkers();
    drawArrows();
    labels.draw(state, size, isLit, lit.anchor);
  }
  function draw(next) {
    const kept = hands.held();
    const old = kept === null ? null : state.x[state.spec.points.findIndex((p) => p.id === kept)];
    spec = state.spec = next;
    state.ground = grounds[spec.d];
    state.x = spec.points.map((p) => (p.id === kept && old ? old : Array.from(p.x)));
    for (const d in grounds) grounds[d].show(Number(d) === spec.d);
    root.classList.toggle("lab-globe", spec.d === 3);
    hands.show(spec.d === 3, spec.words);
    if (size.wide && size.high) state.ground.place(spec, size, size.em * labels.margin(spec));
    redraw();
  }
  function light(ids, anchor = null) {
    lit = { ids: ids ?? new Set(), anchor };
    if (spec) redraw();
  }
  const hands = labPointHands(box, root, state, on, redraw);
  return { draw, light };
}
