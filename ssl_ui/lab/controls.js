// What lies on the bench: loss, source of the embeddings, sizes, labels and switches, made from the server's knobs.
// labControls(box, about, change) → {show(state, film), problem(words | ""), refresh(encoders)}; change(patch, field).
function labControls(box, about, change) {
  const w = about.words, fields = {};
  let now = about.start;
  const make = (tag, options = {}, ...inside) => {
    const one = Object.assign(document.createElement(tag), options);
    one.append(...inside);
    return one;
  };

  function field(name, title, control, help) {
    const words = make("span", { className: "lab-field-title", textContent: title });
    const line = make("label", { className: `lab-field lab-field-${name}`, title: help || "" }, words, control);
    fields[name] = { line, control };
    return line;
  }

  function menu(name, title, entries, help) {
    const control = make("select", {}, ...entries.map(([words, value]) => new Option(words, value)));
    let keys = false; // who chose with the mouse goes on with the arrow keys elsewhere
    control.onpointerdown = () => { keys = false; };
    control.onkeydown = () => { keys = true; };
    control.onchange = () => {
      if (!keys) control.blur();
      change({ [name]: control.value }, name);
    };
    return field(name, title, control, help);
  }

  function slider(name) {
    const knob = about.bench[name], said = make("output");
    const control = make("input", { type: "range", min: knob.low, max: knob.high, step: 1 });
    control.oninput = () => { said.textContent = control.value; };
    control.onchange = () => change({ [name]: Number(control.value) }, name);
    const line = field(name, knob.title, control, knob.help);
    line.firstChild.append(said);
    fields[name].said = said;
    return line;
  }

  function seed() {
    const knob = about.bench.seed;
    const control = make("input", { type: "number", min: knob.low, max: knob.high, step: 1 });
    control.onchange = () => (control.value === "" ? (control.value = now.seed) : change({ seed: Number(control.value) }, "seed"));
    return field("seed", knob.title, control, knob.help);
  }

  function typed() {
    const control = make("textarea", { rows: 4, spellcheck: false, placeholder: w.typed_example });
    let wait = 0;
    control.oninput = () => {
      clearTimeout(wait);
      wait = setTimeout(() => change({ source: "typed", text: control.value }, "text"), 250);
    };
    return field("text", w.typed, control, w.typed_help);
  }

  function labels() {
    const control = make("input", { type: "text", spellcheck: false, inputMode: "numeric" });
    control.onchange = () => change({ labels: control.value }, "labels");
    return field("labels", w.labels, control, w.labels_help);
  }

  function switches(loss, state) {
    const others = about.losses[loss].knobs.filter((knob) => !knob.live);
    return others.map((knob) => {
      const turn = (value) => change({ knobs: { ...state.knobs, [knob.name]: value } }, knob.name);
      const now = state.knobs[knob.name] ?? knob.default;
      let control;
      if (knob.choices) {
        control = make("select", {}, ...knob.choices.map((c) => new Option(c, c)));
        control.value = now;
        control.onchange = () => turn(control.value);
      } else {
        control = make("input", { type: "number", step: "any", min: knob.low, max: knob.high, placeholder: w.off, value: now ?? "" });
        control.onchange = () => turn(control.value === "" ? null : Number(control.value));
      }
      const line = field(knob.name, knob.title, control, knob.help);
      line.append(make("small", { textContent: knob.help }));
      return line;
    });
  }

  const own = make("div", { className: "lab-switches" });
  const wrong = make("p", { className: "lab-problem", hidden: true });
  wrong.setAttribute("role", "alert");
  const aboutLoss = make("p", { className: "lab-about" });
  box.replaceChildren(
    menu("loss", w.loss, Object.entries(about.losses).map(([name, loss]) => [loss.title, name])), aboutLoss,
    menu("source", w.source, Object.entries(about.sources).map(([name, title]) => [title, name])),
    typed(), menu("encoder", w.encoder, about.encoders), menu("dataset", w.dataset, about.datasets),
    menu("layer", w.layer, about.layers), slider("n"), slider("d"), slider("views"), seed(), labels(), own, wrong,
    make("button", { className: "lab-copy", textContent: w.copy }),
  );

  function fits(state) {
    const free = !["typed", "cs231n"].includes(state.source), pictures = state.source === "pictures";
    return {
      text: state.source === "typed", encoder: pictures, dataset: pictures, layer: pictures,
      n: free, d: state.source === "random", seed: free, views: about.losses[state.loss].takes === null && state.source !== "cs231n",
      labels: about.losses[state.loss].labelled,
    };
  }

  function show(state, film) {
    now = state;
    for (const [name, shown] of Object.entries(fits(state))) fields[name].line.hidden = !shown;
    for (const name of ["loss", "source", "encoder", "dataset", "layer", "n", "d", "views", "seed"]) fields[name].control.value = state[name];
    for (const name of ["n", "d", "views"]) fields[name].said.textContent = state[name];
    if (document.activeElement !== fields.text.control) fields.text.control.value = state.text;
    if (document.activeElement !== fields.labels.control) fields.labels.control.value = state.labels || film.labels.join(" ");
    aboutLoss.textContent = about.losses[state.loss].about;
    aboutLoss.title = about.losses[state.loss].paper;
    own.replaceChildren(...switches(state.loss, state));
  }

  // beside the field that it is about; what was there before stays on the bench
  function problem(words, name) {
    wrong.hidden = !words;
    wrong.textContent = words;
    for (const one of Object.values(fields)) one.line.classList.remove("lab-wrong");
    const at = fields[name]?.line;
    if (!words || !at) return;
    at.classList.add("lab-wrong");
    at.after(wrong);
  }

  function refresh(encoders) {
    const now = fields.encoder.control.value;
    fields.encoder.control.replaceChildren(...encoders.map(([words, value]) => new Option(words, value)));
    fields.encoder.control.value = now;
  }
  return { show, problem, refresh };
}
