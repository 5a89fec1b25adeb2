// The embeddings of a bench: points to drag where they have two or three numbers, else names with their pictures,
// and how hard the loss pulls at each. labEmbeddings(box, words, on) → {draw(bench), light(ids, anchor)}.
function labEmbeddings(box, words, on) {
  box.innerHTML = `<div class="lab-points-drawing"></div><ol class="lab-chips"></ol><small class="lab-points-said"></small>`;
  const [drawing, chips, said] = box.children, LONGEST = 0.5;
  const points = labPoints(drawing, {
    pick: on.pick, hover: on.hover, drag: (id, x, done) => on.drag(film.points[id], [...x], done),
  });
  let film = null;

  const REST = 1e-3; // of a gradient: below it arrows shrink to nothing, however strong the others are
  // arrows as long as the strongest pull of the whole film, so that they shrink where a descent arrives
  function arrows(shown, frame, d, span, longest) {
    const now = shown.pushes(frame), long = (all) => Math.max(0, ...all.filter(Boolean).map((v) => Math.hypot(...v)));
    const most = Math.max(REST, span ? Math.max(...Array.from({ length: shown.frames }, (_, k) => long(shown.pushes(k)))) : long(now));
    const out = new Float32Array(shown.points.length * d);
    now.forEach((v, k) => v && out.set(v.map((x) => (x * longest) / most), k * d));
    return { out, now: long(now) };
  }

  function draw(bench) {
    const view = bench.view();
    film = view.film;
    const first = film.stages.find((stage) => stage.role === "input"), d = first.shape.at(-1), flat = d === 2 || d === 3;
    drawing.hidden = !flat;
    chips.hidden = flat;
    if (!flat) return list(view.frame);
    const spots = film.points.map((p) => unit(film.position(p, view.frame)));
    const extent = Math.max(1.2, 1.15 * Math.max(...spots.flatMap((x) => x.map(Math.abs))));
    const { out, now } = arrows(film, view.frame, d, film.sizes, film.sphere ? LONGEST : LONGEST * extent);
    said.textContent = `${words.arrows} ${labNumber(now, 3)}`;
    points.draw({
      d, sphere: film.sphere, tiles: film.tiles, words,
      extent,
      points: film.points.map((p, id) => ({ ...p, id, x: spots[id], group: p.picture, tile: p.tile ?? null })), arrows: out,
    });
  }

  // what is drawn of an embedding whose length makes no difference is its direction
  function unit(x) {
    const length = Math.hypot(...x);
    return film.sphere && length ? [...x].map((v) => v / length) : [...x];
  }

  function list(frame) {
    said.textContent = words.pulls;
    const pulls = film.points.map((p) => film.length(p.input, frame)?.[p.row]);
    const most = Math.max(1e-12, ...pulls.map((pull) => pull ?? 0));
    const key = (film.tiles?.url ?? "") + film.points.map((p) => p.name).join();
    if (key !== listed) chips.replaceChildren(...film.points.map(chip));
    listed = key;
    pulls.forEach((pull, id) => {
      const button = chips.children[id].firstChild;
      button.style.setProperty("--part", pull === undefined ? 0 : (pull / most).toFixed(3));
      button.title = pull === undefined ? words.fixed : `${words.pull} ${labNumber(pull, 4)}`;
    });
  }

  let listed = "";
  function chip(p, id) {
    const one = document.createElement("li"), button = document.createElement("button");
    if (film.tiles && p.tile >= 0) button.append(labTile(film.tiles, p.tile, 26));
    button.append(p.name);
    button.onclick = () => on.pick(id);
    button.onpointerenter = () => on.hover(id);
    button.onpointerleave = () => on.hover(null);
    one.append(button);
    return one;
  }

  function light(ids, anchor) {
    if (!drawing.hidden) points.light(ids, anchor);
    else [...chips.children].forEach((chip, id) => {
      chip.classList.toggle("lab-lit", ids.has(id));
      chip.classList.toggle("lab-anchor", id === anchor);
    });
  }
  return { draw, light };
}
