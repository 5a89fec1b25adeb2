// Follows the run named in props.value: asks the server for news, draws them, waits until they are on the
// screen, asks again. Runs after liveplot.js, in the same scope.
const plots = {};
for (const box of element.querySelectorAll(".liveplot")) plots[box.dataset.plot] = livePlot(box, trigger);
const words = element.querySelector(".watched");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const painted = () => Promise.race([sleep(1000), new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))]);
const [first, ...others] = Object.keys(plots);
const TURN = 2500; // ms: the other plots take turns, for all at once would hold up the first
const REST = 150; // ms between two drawings, at least: training needs the processor too
let current = null;

// New points are put behind those that are there; `from` says how many of these still hold.
function grown(old, news) {
  return news.data.map((trace, i) => ({
    ...trace,
    x: (old?.[i]?.x ?? []).slice(0, news.from).concat(trace.x),
    y: (old?.[i]?.y ?? []).slice(0, news.from).concat(trace.y),
  }));
}

async function follow(run) {
  const mine = (current = {});
  const drawn = {};
  let epoch = "", state = null, turn = 0, turnAt = 0;
  while (mine === current && element.isConnected) {
    const began = performance.now(), seen = element.offsetWidth > 0;
    const due = others.length && began - turnAt > TURN, wanted = !epoch ? [first, ...others] : due ? [first, others[turn]] : [first];
    const have = Object.fromEntries(Object.entries(drawn).map(([name, data]) => [name, data[0]?.x.length ?? 0]));
    let news;
    try {
      news = await server.news({ run, epoch, have, wanted });
    } catch {
      await sleep(2000); // the server restarts, or the network is away
      continue;
    }
    if (mine !== current) return;
    if (due) [turn, turnAt] = [(turn + 1) % others.length, began];
    if (news.epoch !== epoch) for (const name of Object.keys(drawn)) delete drawn[name]; // begun anew, or thinned
    epoch = news.epoch;
    words.innerHTML = news.words;
    for (const [name, figure] of Object.entries(news.figures)) {
      if (!figure.data.length || !plots[name]) continue; // a loss without terms; a plot that is not shown here
      drawn[name] = grown(drawn[name], figure);
      const height = figure.layout.meta?.height;
      if (height !== undefined) element.querySelector(`[data-plot=${name}]`).style.height = `${height}px`;
      plots[name].draw({ data: drawn[name], layout: figure.layout });
    }
    if (news.state !== state) trigger("state", { state: (state = news.state) });
    if (!news.lively) return;
    await painted();
    // a rest of a third of the work's time: the curve stays close, and clicks are heard in between
    await sleep(seen ? Math.min(1000, Math.max(REST, (performance.now() - began) / 3)) : 1000);
  }
}

function nothing() { // said only once it is known
  current = null;
  words.innerHTML = "<p></p>";
  words.firstChild.textContent = words.dataset.empty;
}

const begin = () => props.value && (props.value.run ? follow(props.value.run) : nothing());
watch("value", begin);
begin();
