// A loss and its batch as the browser holds them: the state that the server is asked with, and the films it gave.
// Two kinds of film: along the knob that is turned live (`film`), and along steps of descent (`run`).
function labBench(ask, start) {
  const FRESH = { rows: null, moved: {}, steps: 0 };
  const BATCH = ["source", "n", "d", "views", "seed", "text", "encoder", "dataset", "layer"];
  const OTHERS = ["source", "n", "text", "encoder", "dataset"]; // with these the pictures are others, and their labels
  const me = { state: start, film: null, frame: 0, run: null, at: 0, origin: { rows: null, moved: {} } };

  // what is shown: the step of a run until the film at its end is there, then that film
  me.view = () => (me.run && me.film.steps !== me.at ? { film: me.run, frame: me.at } : { film: me.film, frame: me.frame });
  me.moved = () => me.at > 0 || me.state.moved !== me.origin.moved || me.state.rows !== me.origin.rows;

  // steps become numbers: from here on they are where the batch stands, whatever is turned
  function settled() {
    return me.state.steps ? { ...me.state, moved: me.film.inputs, steps: 0 } : me.state;
  }

  async function load(wanted) {
    const film = await ask.film(wanted);
    if (!film) return null; // a newer question took its place
    if (film.problem) return film.problem;
    me.state = wanted;
    me.film = Object.assign(labFilm(film), { steps: wanted.steps });
    me.frame = film.live?.at ?? 0;
    return "";
  }

  // the numbers that are shown, as they stand; rewinding still goes to where they began
  me.settle = async () => {
    if (me.film.steps !== me.at) await load({ ...me.state, steps: me.at });
    me.state = settled();
    me.film.steps = 0;
    Object.assign(me, { run: null, at: 0 });
  };

  // Change the state; answers with a problem in words and leaves all as it was, or with "".
  me.set = async (patch) => {
    const anew = Object.keys(patch).some((name) => BATCH.includes(name));
    if (me.film && me.film.steps !== me.state.steps) await load(me.state); // to settle on its exact numbers
    const wanted = { ...(anew ? { ...me.state, ...FRESH, labels: OTHERS.some((name) => name in patch) ? "" : me.state.labels } : settled()), ...patch };
    const problem = await load(wanted);
    if (problem !== "") return problem;
    me.run = null;
    me.at = wanted.steps;
    if (anew || "rows" in patch || "moved" in patch) me.origin = { rows: wanted.rows, moved: wanted.moved };
    return "";
  };

  // the live knob, from the film alone; false while the film at the end of a descent is on its way
  me.turn = (frame) => {
    if (me.film.steps !== me.at) return false;
    const state = settled(), { name, places } = me.film.live;
    me.state = { ...state, knobs: { ...state.knobs, [name]: places[frame] } };
    Object.assign(me, { frame, run: null, at: 0 });
    me.film.steps = 0;
    return true;
  };

  // more steps of descent from the step that is shown
  me.descend = async (more) => {
    const answer = await ask.descent({ ...me.state, steps: me.at, more });
    if (!answer) return null;
    if (answer.problem) return answer.problem;
    me.run = labFilm(answer);
    return "";
  };
  me.last = () => (me.run ? me.run.frames - 1 : 0);
  me.scrub = (step) => { me.at = Math.max(0, Math.min(me.last(), step)); };
  me.arrive = async () => { // the film along the knob, at the step that is shown
    if (me.film.steps === me.at) return "";
    return load({ ...me.state, steps: me.at });
  };
  me.rewind = () => me.set({ ...me.origin, steps: 0 });

  // A point that was dragged: its row of the views that all losses share, or of an input of this loss alone.
  me.drag = (point, x) => {
    const { film, frame } = me.view(), first = film.stages.find((stage) => stage.role === "input");
    const inputs = me.film.steps === me.at ? structuredClone(me.film.inputs) : nested(film, frame);
    const rows = inputs[point.input], views = first.shape.length === 3;
    const [block, row] = rows[0][0].length ? [rows[Math.floor(point.row / rows[0].length)], point.row % rows[0].length] : [rows, point.row];
    block[row] = x;
    const shared = views && point.input === first.name && !me.at && !(point.input in me.state.moved);
    return shared ? { rows } : { moved: { ...(me.at ? inputs : me.state.moved), [point.input]: rows }, steps: 0 };
  };

  // the batch as a person would type it
  me.written = () => {
    const { film, frame } = me.view(), first = film.stages.find((stage) => stage.role === "input");
    return nested(film, frame)[first.name].flat(first.shape.length - 2).map((row) => row.map((v) => Number(v.toFixed(4))).join(" ")).join("\n");
  };

  // every input of a frame as lists in lists
  function nested(film, frame) {
    const inputs = film.stages.filter((stage) => stage.role === "input" && stage.kind === "number");
    const cut = (values, [size, ...rest]) =>
      rest.length ? Array.from({ length: size }, (_, k) => cut(values.subarray((k * values.length) / size, ((k + 1) * values.length) / size), rest)) : [...values];
    return Object.fromEntries(inputs.map((stage) => [stage.name, cut(film.at(stage.name, frame), stage.shape)]));
  }

  me.history = () => {
    const { run, at } = me;
    if (!run) {
      const { film, frame } = me.view();
      return { loss: [film.at("loss", frame)[0]], alignment: [film.alignment], uniformity: [film.uniformity], size: 0 };
    }
    const loss = Array.from({ length: run.frames }, (_, k) => run.at("loss", k)[0]);
    return { loss, alignment: run.alignment, uniformity: run.uniformity, size: run.sizes[at] };
  };
  return me;
}
