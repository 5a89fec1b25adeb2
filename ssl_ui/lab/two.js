// The same batch through two losses, side by side: what each sees, what each wants, and where each leads.
// labTwo(box, about, on) → {show(first, second)}; on = {second(loss), drag(bench, point, x, done)}.
function labTwo(box, about, on) {
  const w = about.words;
  const sides = ["first", "second"].map((name) => {
    const side = document.createElement("article");
    side.innerHTML = `<header><h3></h3><output></output></header><p></p><div class="lab-two-picture"></div><div class="lab-two-points"></div>`;
    box.append(side);
    const [header, note, picture, points] = side.children, one = { side, header, note };
    one.picture = labStage(picture, { hover: () => {}, pick: () => {}, words: w });
    one.points = labEmbeddings(points, w, { pick: () => {}, hover: () => {}, drag: (point, x, done) => on.drag(one.bench, point, x, done) });
    if (name === "second") {
      const names = Object.entries(about.losses).map(([loss, { title }]) => new Option(title, loss));
      one.menu = Object.assign(document.createElement("select"), { ariaLabel: w.second });
      one.menu.append(...names);
      one.menu.onchange = () => on.second(one.menu.value);
      header.firstChild.replaceWith(one.menu);
    }
    return one;
  });

  // the stage that tells most of a loss: what it compares, or the widest matrix of it
  function telling(film) {
    if (film.byName.has("share")) return "share";
    if (film.byName.has("sim")) return "sim";
    const matrices = film.walk.filter((s) => s.role === "trace" && s.shape.length >= 2);
    return matrices.at(-1).name;
  }

  function draw(one, bench) {
    one.bench = bench;
    const { film, frame } = bench.view(), name = telling(film);
    if (one.menu) one.menu.value = film.loss;
    else one.header.firstChild.textContent = film.title;
    one.header.querySelector("output").textContent = labNumber(film.at("loss", frame)[0], 4);
    one.note.textContent = film.byName.get(name).title;
    const mask = film.masks.positive && film.byName.get(name).letters.join() === film.byName.get("sim").letters.join();
    one.picture.draw(film, name, frame, { layers: mask ? [{ name: "positive", mask: film.mask("positive") }] : [] });
    one.points.draw(bench);
    one.points.light(new Set(), null);
  }

  const show = (first, second) => [first, second].forEach((bench, k) => bench?.film && draw(sides[k], bench));
  return { show };
}
