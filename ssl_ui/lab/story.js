// The whole story of one anchor: the row of every stage that has one, from similarities to surprise.
// labStory(box, on) → {draw(film, anchor, frame, current), light(column)}; on = {hover(column | null), stage(name)}.
function labStory(box, on) {
  box.innerHTML = `<h4></h4><div class="lab-story-rows"></div>`;
  const [title, rows] = box.children, FEW = 9;
  let drawn = "", film = null;

  // the stages that tell it: those whose first axes are the anchors', in the order of the maths
  const LATER = ["exponentials", "denominator"];
  function told(shown) {
    const letters = shown.anchor.letters;
    const mine = shown.stages.filter((s) => s.role !== "input" && letters.every((l, k) => s.letters[k] === l)
      && s.shape.length - letters.length <= 1 && (s.letters.at(-1) !== "d" || letters.includes("d")) && !s.name.startsWith("grad_v"));
    const after = mine.findIndex((s) => s.name === "logits") + 1;
    const late = mine.filter((s) => LATER.includes(s.name)), rest = mine.filter((s) => !LATER.includes(s.name));
    return [...rest.slice(0, after), ...late, ...rest.slice(after)].filter((s) => s.name !== "log_denominator" || !late.length);
  }

  function row(stage, values) {
    const line = document.createElement("button"), cells = document.createElement("span");
    line.className = "lab-story-row";
    line.dataset.stage = stage.name;
    line.append(Object.assign(document.createElement("span"), { className: "lab-story-name", textContent: stage.title, title: stage.title }), cells);
    cells.className = values.length > FEW ? "lab-story-bars" : "lab-story-cells";
    values.forEach(() => cells.append(document.createElement("span")));
    line.onclick = () => on.stage(stage.name);
    cells.onpointermove = (event) => {
      const k = [...cells.children].indexOf(event.target.closest(".lab-story-cells > *, .lab-story-bars > *"));
      on.hover(stage.shape.length > film.anchor.letters.length && k >= 0 ? k : null);
    };
    cells.onpointerleave = () => on.hover(null);
    return line;
  }

  function fill(cells, stage, values) {
    const most = Math.max(1e-12, ...[...values].filter(Number.isFinite).map(Math.abs));
    values.forEach((v, k) => {
      const cell = cells.children[k], part = Number.isFinite(v) ? Math.abs(v) / most : 0;
      const text = word(stage, v);
      const key = `${part.toFixed(3)} ${v < 0} ${text}`;
      if (cell.shown === key) return; // what is the same is not laid out again
      cell.shown = key;
      cell.style.setProperty("--part", part.toFixed(3));
      cell.classList.toggle("lab-negative", v < 0);
      cell.title = `${stage.axes.at(-1).names[k] ?? ""} ${text}`;
      if (cells.className === "lab-story-cells") cell.textContent = text;
    });
  }

  function word(stage, v) {
    if (stage.kind === "flag") return v ? "✓" : "";
    if (stage.kind === "place") return v < 0 ? "–" : stage.into[v];
    if (stage.kind !== "number" || !Number.isFinite(v)) return labNumber(v, 0);
    const size = Math.abs(v); // a cell is narrow: the entry in full is in the readout
    if (size >= 1e4) return labNumber(Math.round(v / 1000), 0) + "k";
    return labNumber(Number(v.toFixed(2)), size >= 100 ? 0 : size >= 10 ? 1 : 2).replace(/^(−?)0\./, "$1.");
  }

  function draw(shown, anchor, frame, current) {
    film = shown;
    const stages = told(film), key = film.loss + stages.map((s) => s.name + s.shape).join();
    const what = film.anchor.who.some((ids) => ids.length) ? "" : film.anchor.title; // no embedding: say what it is
    const heading = [on.words.story, what, film.anchor.names[anchor]].filter(Boolean).join(" ");
    if (title.textContent !== heading) title.textContent = heading;
    const values = stages.map((s) => {
      const whole = film.at(s.name, frame), size = whole.length / film.anchor.names.length;
      return [...whole.subarray(anchor * size, (anchor + 1) * size)];
    });
    if (key !== drawn) rows.replaceChildren(...stages.map((s, k) => row(s, values[k])));
    drawn = key;
    stages.forEach((s, k) => {
      rows.children[k].classList.toggle("lab-current", s.name === current);
      fill(rows.children[k].lastChild, s, values[k]);
    });
  }

  function light(column) {
    for (const line of rows.children)
      [...line.lastChild.children].forEach((cell, k) => cell.classList.toggle("lab-lit", k === column && line.lastChild.children.length > 1));
  }
  return { draw, light };
}
