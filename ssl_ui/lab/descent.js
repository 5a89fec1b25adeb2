// Steps of gradient descent on the embeddings: one, or a run that is played; rewinding to the same start.
// labDescent(box, words, on) → {show(state), stop()}; on = {step(count), scrub(step), rewind(), reseed()}.
function labDescent(box, words, on) {
  box.innerHTML = `<div class="lab-descent-buttons">
      <button class="lab-step" title="${words.step_help}">${words.step}</button><button class="lab-run">▶ ${words.run}</button>
      <button class="lab-rewind">↺ ${words.rewind}</button><button class="lab-reseed">${words.reseed}</button>
      <span class="lab-step-place"></span></div><div class="lab-descent-curves"></div>`;
  const $ = (name) => box.querySelector(`.lab-${name}`);
  const curves = labCurves($("descent-curves"), { pick: (step) => { stop(); on.scrub(step); } });
  const RUN = 60, PACE = 50; // steps of a run, ms between two frames
  let timer = 0, at = 0, last = 0;

  $("step").onclick = () => { stop(); on.step(1); };
  $("rewind").onclick = () => { stop(); on.rewind(); };
  $("reseed").onclick = () => { stop(); on.reseed(); };
  $("run").onclick = async () => {
    if (timer) return stop();
    playing(-1);
    if (at >= last) await on.step(RUN, false);
    if (timer) play();
  };

  function playing(id) {
    timer = id;
    $("run").textContent = id ? `❚❚ ${words.pause}` : `▶ ${words.run}`;
  }
  function play() {
    playing(setInterval(() => (at >= last ? stop() : on.scrub(at + 1, true)), PACE));
  }
  function stop() {
    const was = timer;
    if (timer > 0) clearInterval(timer);
    playing(0);
    if (was > 0) on.scrub(at);
  }

  // history = {at, runs: [{name, loss, alignment, uniformity, size}]}
  function show(history) {
    at = history.at;
    last = Math.max(0, ...history.runs.map((run) => run.loss.length - 1));
    $("rewind").disabled = !history.moved;
    $("step-place").textContent = `${words.stepped} ${at}` + (at && history.size ? ` · η ${labNumber(history.size, 3)} · ${history.sphere ? words.on_sphere : words.in_space}` : "");
    const own = history.runs.length > 1; // two losses are measured by scales of their own
    const series = (what) => history.runs.map((run, k) =>
      ({ name: words[what], of: own ? run.name : "", values: run[what], dash: k > 0, own: own && what === "loss" }));
    curves.draw({ at, total: last, digits: 3, series: ["loss", "alignment", "uniformity"].flatMap(series) });
  }
  return { show, stop };
}
