// The laboratory: one state, asked of the server; what it answers is shown by the parts (see the files beside).
const root = element.querySelector(".lab"), about = JSON.parse(props.value), words = about.words;
const find = (name) => root.querySelector(`.lab-${name}`);
const call = async (name, argument) => JSON.parse(await server[name](argument));
const asker = () => ({ film: labAsk((state) => call("lab_film", state)), descent: labAsk((state) => call("lab_descent", state)) });
const first = labBench(asker(), about.start), second = labBench(asker(), { ...about.start, loss: about.second });
let mode = "walk", stale = true;

const controls = labControls(find("controls"), about, change);
const walk = labWalk(root, about, { typeset: element, drag: (point, x, done) => drag(first, point, x, done) });
const two = labTwo(find("two"), about, { drag, second: (loss) => also({ loss, knobs: {} }) });
const live = labLive(find("live"), words, { turn, choose: (name) => change({ live: name }, "live") });
const descent = labDescent(find("descent"), words, { step, scrub: (at, playing) => { goal = at; return scrub(at, playing); }, rewind, reseed: () => change({ seed: about.start.seed + Math.ceil(Math.random() * 9998) }, "seed") });
const copy = labScript(find("scripts"), words, labAsk((state) => call("lab_script", state)));
const mistakes = labMistakes(find("mistakes-panel"), call, words.mistakes);
const quiz = labQuiz(find("quiz-panel"), call, words.quiz, { cover, reveal });
const both = () => (mode === "two" ? [first, second] : [first]);

// --- what changes the state
async function change(patch, field) {
  descent.stop();
  if (patch.source === "typed" && !("text" in patch) && !first.state.text) patch.text = first.written(); // something to begin with
  if ("source" in patch && patch.source !== first.state.source) patch.knobs = knobsFor(patch.source);
  goal = 0;
  const problem = await first.set(patch);
  if (problem === null) return;
  controls.problem(problem, field);
  if (problem) return;
  stale = true;
  if (mode === "quiz" && field === "loss") return quiz.show(first.state.loss);
  await show();
}

// the assignment's own answer is at a temperature of its own, which goes with its example
function knobsFor(source) {
  const { temperature, ...others } = first.state.knobs;
  if (source === "cs231n" && about.losses[first.state.loss].knobs.some(({ name }) => name === "temperature"))
    return { ...others, temperature: about.cs231n };
  return first.state.source === "cs231n" && source !== "typed" ? others : first.state.knobs;
}

// the second loss has the same batch: all but the loss and its own knobs
async function also(patch = {}) {
  await first.settle();
  const { loss, knobs, live: turned, ...batch } = first.state;
  const problem = await second.set({ ...batch, loss: second.state.loss, knobs: second.state.knobs, steps: 0, ...patch });
  if (problem === null) return;
  controls.problem(problem, "loss");
  stale = false;
  second.origin = first.origin; // both go back to the same start
  if (!problem) show();
}

async function drag(bench, point, x, done) {
  goal = 0;
  const patch = bench.drag(point, x), wanted = "rows" in patch ? both() : [bench];
  const problems = await Promise.all(wanted.map((one) => one.set(patch)));
  if (problems.includes(null)) return;
  controls.problem(problems.find(Boolean) ?? "", "source");
  show();
  if (done) controls.show(first.state, first.film);
}

let drawnTo = 0; // the place that the slider was last drawn to
// the second loss follows where it has the same knob
async function turn(frame) {
  drawnTo = frame;
  goal = 0;
  descent.stop();
  await Promise.all(both().map((bench) => bench.arrive())); // a run that was on its way ends where it is
  if (drawnTo !== frame || !first.turn(frame)) return;
  const { name, places } = first.film.live, other = mode === "two" && second.film?.live;
  if (other && other.name === name && other.places.includes(places[frame])) second.turn(other.places.indexOf(places[frame]));
  show(true);
}

// --- descent
let goal = 0; // the step that was asked for; clicks that come while one is under way add up
async function step(more, arrive = true) {
  const to = (goal = Math.max(goal, first.at) + more);
  const problems = await Promise.all(both().map((bench) => bench.descend(to - bench.at)));
  if (problems.includes(null)) return;
  controls.problem(problems.find(Boolean) ?? "", "source");
  if (problems.some(Boolean)) return;
  if (arrive) scrub(to);
  else show();
}
async function scrub(at, playing = false) {
  for (const bench of both()) bench.scrub(at);
  show();
  if (playing) return;
  await Promise.all(both().map((bench) => bench.arrive()));
  show();
}
async function rewind() {
  goal = 0;
  const problems = await Promise.all(both().map((bench) => bench.rewind()));
  if (!problems.includes(null)) show();
}

// --- what is shown
async function show(turned = false) {
  if (mode === "two" && stale) return also();
  const { film, frame } = first.view();
  find("loss").textContent = `ℓ = ${labNumber(film.at("loss", frame)[0], 7)}`;
  live.show(first.film, first.frame, about.losses[film.loss].knobs.map((knob) => ({ ...knob, value: first.state.knobs[knob.name] ?? knob.default })));
  if (!turned) controls.show(first.state, first.film);
  if (mode === "walk" || mode === "quiz") walk.show(first);
  if (mode === "two") two.show(first, second);
  if (mode === "mistakes") mistakes.show({ ...first.state, steps: first.at });
  const runs = both().filter((bench) => bench.film).map((bench) => ({ name: bench.view().film.title, ...bench.history() }));
  descent.show({ at: first.at, moved: first.moved(), size: runs[0].size, sphere: film.sphere, runs });
}

let kept = null; // the bench as it was before the questions laid out theirs
async function enter(next) {
  descent.stop();
  if (next === "quiz") kept ??= { ...first.state, steps: first.at };
  else if (kept) {
    const before = kept;
    kept = null;
    await first.set(before);
    stale = true;
  }
  mode = root.dataset.mode = next;
  for (const tab of root.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", tab.dataset.mode === mode);
  find("walk").hidden = mode === "mistakes";
  find("two").hidden = mode !== "two";
  find("mistakes-panel").hidden = mode !== "mistakes";
  find("quiz-panel").hidden = mode !== "quiz";
  root.classList.toggle("lab-covered", false);
  if (mode === "quiz") quiz.show(first.state.loss);
  else show();
}

// --- questions: the batch of a question is laid out covered, and seen once it is answered
let turnOf = 0; // the question that is at hand: an answer that comes late uncovers no other
async function cover(question) {
  turnOf++;
  root.classList.add("lab-covered");
  await lay(question.cover);
}
async function reveal(question) {
  const mine = ++turnOf;
  await lay(question.reveal);
  if (mine !== turnOf) return;
  root.classList.remove("lab-covered");
  walk.go(question.stage);
  if (question.cell) walk.light({ cell: question.cell });
}
async function lay(bench) {
  const problem = await first.set(bench);
  stale = true;
  if (problem) controls.problem(problem, "loss");
  else if (problem !== null) show();
}

for (const tab of root.querySelectorAll("[role=tab]")) tab.onclick = () => enter(tab.dataset.mode);
find("copy").onclick = () => copy({ ...first.state, steps: first.at, mistakes: mode === "mistakes" ? mistakes.chosen() : [] });
const present = find("present-button");
present.onclick = () => {
  const on = document.body.classList.toggle("lab-presenting");
  root.classList.toggle("lab-present", on);
  present.setAttribute("aria-pressed", on);
};
// ← and → walk wherever the focus is, except where the arrows have work of their own to do
document.addEventListener("keydown", function keys(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", keys);
  const taken = 'input, textarea, select, [contenteditable], [role="slider"], [role="listbox"], dialog *';
  if (!element.offsetParent || event.defaultPrevented || event.target.closest?.(taken)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.key === "Escape" && document.body.classList.contains("lab-presenting")) return present.click();
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way && mode === "walk") { event.preventDefault(); walk.step(way); }
});
change({}, "").then(() => enter("walk"));
