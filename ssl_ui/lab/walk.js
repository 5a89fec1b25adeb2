// The walk: one stage at a time as a picture, its formula and its source, the story of an anchor, and the points.
// labWalk(root, about, on) → {show(bench), go(stage), step(by), light(lit)}; on = {drag, typeset: where the formulas are}.
function labWalk(root, about, on) {
  const $ = (name) => root.querySelector(`.lab-${name}`), w = about.words;
  const LAYERS = ["positive", "negative", ITSELF, "unused", "numerator", "denominator"];
  const chosen = new Set(["positive", ITSELF]);
  let bench = null, stage = null, anchor = 0, pointed = {}, sourced = null;

  const picture = labStage($("picture"), { hover: hovered, pick: (row) => pick(anchorOf(row)), words: w });
  const formula = labFormula($("formula"), on.typeset, about.formulas);
  formula.on.pick = (name) => go(name);
  const source = labSource($("source"));
  const story = labStory($("story"), { words: w, stage: (name) => go(name), hover: (column) => hovered(column === null ? null : anchor, column) });
  const points = labEmbeddings($("points"), w, { drag: on.drag, pick: (point) => pick(rowOf(point)), hover: (point) => light(point === null ? {} : { points: [point] }) });
  $("layers").append(...LAYERS.map(layer));
  $("back").onclick = () => step(-1);
  $("next").onclick = () => step(1);

  function layer(name) {
    const line = document.createElement("label"), box = Object.assign(document.createElement("input"), { type: "checkbox", checked: chosen.has(name) });
    box.onchange = () => { chosen[box.checked ? "add" : "delete"](name); draw(); };
    line.append(box, `${w.signs[name][0]} ${w.signs[name][2]}`);
    line.title = w.signs[name][1];
    line.dataset.layer = name;
    return line;
  }

  // the masks that were asked for, of a stage with a number for each pair; the last two of the anchor alone
  function layers(film, name) {
    const pairs = film.byName.get("sim"), here = film.byName.get(name);
    const same = pairs && here.letters.join() === pairs.letters.join() && Object.keys(film.masks).length;
    $("layers").hidden = !same;
    if (!same) return [];
    const columns = pairs.shape[1], of = (mask, k) => (Math.floor(k / columns) === anchor ? mask[k] : 0);
    for (const line of $("layers").querySelectorAll("label")) line.hidden = !film.masks[line.dataset.layer];
    return LAYERS.filter((one) => chosen.has(one) && film.masks[one]).map((one) => {
      const mask = film.mask(one);
      return { name: one, mask: one.endsWith("ator") ? mask.map((_, k) => of(mask, k)) : mask };
    });
  }

  function draw() {
    const { film, frame } = bench.view();
    if (!film.byName.has(stage) || film.byName.get(stage).role === "story") stage = film.walk[0].name;
    anchor = Math.min(anchor, film.anchor.names.length - 1);
    const now = film.byName.get(stage), at = film.walk.indexOf(now);
    $("title").textContent = now.title;
    const named = now.axes.map((axis) => axis.title), sizes = now.shape.join(" × ");
    $("shape").textContent = now.shape.length ? `${now.letters.join(" × ")} = ${sizes} · ${named.filter(Boolean).join(" × ")}` : w.one_number;
    $("place").textContent = `${at + 1} / ${film.walk.length}`;
    $("back").disabled = at === 0;
    $("next").disabled = at === film.walk.length - 1;
    picture.draw(film, stage, frame, { layers: layers(film, stage), tiles: film.tiles });
    list(film);
    explain(film.loss, bench.state.knobs);
    story.draw(film, anchor, frame, stage);
    points.draw(bench);
    light(pointed);
  }

  // the formula and the source, which stay while a film plays
  let explained = "";
  function explain(loss, knobs) {
    const key = JSON.stringify([loss, stage, Object.entries(knobs).filter(([, value]) => typeof value === "string")]);
    if (key === explained) return;
    explained = key;
    formula.show(loss, knobs);
    const lit = formula.light([stage]); // what is no part of the whole, such as a gradient, has a formula of its own
    $("own").replaceChildren(...[lit ? null : formula.own(stage)].filter(Boolean));
    if (sourced !== loss) source.show(about.losses[(sourced = loss)].source);
    source.light(stage);
  }

  let listed = "", seen = "";
  function list(film) {
    const key = film.loss + film.walk.map((s) => s.title + s.shape).join();
    if (key !== listed)
      $("stages").replaceChildren(...film.walk.map((s) => {
        const item = document.createElement("li"), button = document.createElement("button");
        button.append(Object.assign(document.createElement("span"), { textContent: s.title }),
          Object.assign(document.createElement("small"), { textContent: s.shape.length ? s.shape.join(" × ") : w.one_number }));
        button.onclick = () => go(s.name);
        item.append(button);
        return item;
      }));
    listed = key;
    film.walk.forEach((s, k) => {
      const button = $("stages").children[k].firstChild;
      if (s.name === stage) {
        button.setAttribute("aria-current", "step");
        if (seen !== stage) button.parentElement.scrollIntoView({ block: "nearest" });
      }
      else button.removeAttribute("aria-current");
    });
    seen = stage;
  }

  function go(name) {
    if (!bench.view().film.byName.has(name)) return;
    stage = name;
    pointed = {};
    draw();
  }
  function step(by) {
    const { walk } = bench.view().film, at = walk.findIndex((s) => s.name === stage);
    const next = walk[Math.max(0, Math.min(walk.length - 1, at + by))].name;
    if (next !== stage) go(next);
  }
  function pick(row) {
    if (row === null || row < 0 || row >= bench.view().film.anchor.names.length) return;
    anchor = row;
    draw();
  }
  // the row of a stage as an anchor, where it is one, and the other way round
  const rowsOf = () => { const [first] = bench.view().film.byName.get(stage).axes; return first?.rows ?? first?.names ?? []; };
  const sameRows = () => { const { film } = bench.view(); return film.anchor.letters.every((letter, k) => film.byName.get(stage).letters[k] === letter); };
  const anchorOf = (row) => (sameRows() ? row : bench.view().film.anchor.names.indexOf(rowsOf()[row]));
  const rowOf = (point) => bench.view().film.anchor.who.findIndex((who) => who.includes?.(point));

  function hovered(row, column) { light(row === null ? {} : { cell: [row, column] }); }

  // what is pointed at, in every part: the entry, its row and column, its embeddings, its place in the story
  function light(what) {
    pointed = what;
    const { film, frame } = bench.view(), now = film.byName.get(stage), [row, column] = what.cell ?? [null, null];
    const who = (axis, k) => (k === null || !axis ? [] : axis.who[k] === about.own ? [ownKey(film, row)] : axis.who[k] ?? []);
    const vector = now.shape.length < 2, axes = now.axes;
    const lights = new Set(what.points ?? [...who(axes[0], row), ...(vector ? [] : who(axes.at(-1), column))]);
    const places = (axis) => new Set((axis?.who ?? []).flatMap((ids, k) => (what.points && [ids].flat().some((id) => lights.has(id)) ? [k] : [])));
    const matrix = { rows: what.points ? places(axes[0]) : new Set(row === null ? [] : [row]), columns: what.points ? places(vector ? null : axes.at(-1)) : new Set(column === null ? [] : [column]) };
    const marked = !now.shape.length ? -1 : sameRows() ? anchor : rowsOf().indexOf(film.anchor.names[anchor]);
    picture.light({ ...matrix, cell: column === null ? null : what.cell ?? null, anchor: marked < 0 ? null : marked });
    points.light(lights, film.anchor.who[anchor]?.[0] ?? null);
    story.light(row === anchor ? column : null);
    labReadout($("readout"), { film, frame, stage: now, row, column, lights, words: w });
  }
  const ownKey = (film, row) => film.points.findIndex((p) => p.kind === "key" && p.picture === row);

  function show(next) { bench = next; draw(); }
  return { show, go, step, light };
}
