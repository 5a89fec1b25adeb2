// The race of the two forms, N by N: each lap is asked of the server, so it shows how far it is and can be stopped.
// labRace(box, call, words); `call("lab_race", n)` gets what ssl_ui.lab_mistakes.race_answer gives, or {problem}.
function labRace(box, call, words) {
  const { svg, html, set, say, pool } = labPen;
  const SIZES = [2, 4, 8, 16, 32, 64];
  const COLUMNS = ["pairs", "naive_value", "vectorized_value", "difference", "naive_time", "vectorized_time", "ratio"];
  const laps = new Map();
  let running = false;

  const table = html(box, "table"), head = html(html(table, "thead"), "tr"), body = html(table, "tbody");
  COLUMNS.forEach((name) => { const cell = html(head, "th"); cell.scope = "col"; say(cell, words[name]); });
  const rows = pool(() => html(body, "tr"));
  const side = html(box, "div", "lab-race-side"), bar = html(side, "div", "lab-race-bar");
  const button = html(bar, "button", "lab-race-go"), label = html(bar, "label");
  const menu = (say(label, words.largest), html(label, "select"));
  const source = html(bar, "button", "lab-race-source");
  const chart = svg(side, "svg", "lab-race-chart", { viewBox: "0 0 440 138", role: "img" });
  const note = html(side, "p");
  SIZES.slice(1).forEach((n) => menu.append(new Option(n, n, n === 32, n === 32)));
  say(button, words.race);
  say(source, words.source);
  source.title = words.source_help;
  say(note, words.times);
  note.setAttribute("aria-live", "polite");
  set(chart, { "aria-label": words.chart });

  const shown = () => SIZES.filter((n) => n <= Number(menu.value));
  function cells(n) {
    const lap = laps.get(n);
    if (!lap) return [n, ...COLUMNS.slice(1).map(() => (running === n ? "…" : ""))];
    return [n, ...lap.values, lap.difference, ...lap.times.map((time, k) => `${time} (${lap.repeats[k]})`), lap.ratio];
  }
  function draw() {
    rows(shown().length).forEach((row, i) => {
      row.replaceChildren(...cells(shown()[i]).map((text, k) => say(document.createElement(k ? "td" : "th"), String(text))));
    });
    drawChart();
  }

  // both axes are logarithmic: 2 to 64 pairs, 0.1 ms to 10 s
  const x = (n) => 76 + ((Math.log2(n) - 1) / 5) * 264, y = (seconds) => 114 - ((Math.log10(seconds) + 4) / 5) * 105;
  const TICKS = [[1e-4, "0.1 ms"], [1e-3, "1 ms"], [1e-2, "10 ms"], [1e-1, "0.1 s"], [1, "1 s"], [10, "10 s"]];
  function drawChart() {
    const done = [...laps.values()].sort((a, b) => a.n - b.n), grid = TICKS.map(([s]) => `M62 ${y(s)}H346`).join("");
    chart.replaceChildren();
    svg(chart, "path", "lab-race-grid", { d: grid });
    for (const [s, text] of TICKS) say(svg(chart, "text", "lab-race-tick", { x: 56, y: y(s), "text-anchor": "end" }), text);
    for (const n of SIZES) say(svg(chart, "text", "lab-race-tick", { x: x(n), y: 129, "text-anchor": "middle" }), n);
    say(svg(chart, "text", "lab-race-tick", { x: 356, y: 129 }), "N");
    ["loop", "matrix"].forEach((form, k) => {
      if (!done.length) return;
      const places = done.map((lap) => [x(lap.n), y(lap.seconds[k])]), [endX, endY] = places.at(-1);
      svg(chart, "path", `lab-race-line lab-race-${form}`, { d: `M${places.map((p) => p.join(" ")).join("L")}` });
      const mark = k ? ([px, py]) => `M${px - 5} ${py - 5}h10v10h-10z` : ([px, py]) => `M${px - 5.5} ${py}a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0`;
      svg(chart, "path", `lab-race-mark lab-race-${form}`, { d: places.map(mark).join("") });
      say(svg(chart, "text", `lab-race-name lab-race-${form}`, { x: endX + 11, y: endY }), words[form]);
    });
  }

  async function race() {
    laps.clear();
    try {
      for (const n of shown()) {
        if (!running || !box.offsetParent) break; // stopped, or out of sight
        running = n;
        draw();
        const lap = await call("lab_race", n);
        if (lap.problem) throw new Error(lap.problem);
        laps.set(n, lap);
      }
    } catch (error) {
      say(note, error.message);
    } finally {
      running = false;
      button.disabled = false;
      say(button, words.race);
      draw();
    }
  }
  button.onclick = () => {
    if (running) { // the lap that is under way comes to its end
      running = false;
      button.disabled = true;
      return;
    }
    say(button, words.stop);
    say(note, words.times);
    running = true;
    race();
  };
  menu.onchange = draw;

  const dialog = html(box, "dialog", "lab-race-code"), close = html(dialog, "button");
  say(close, words.close);
  close.onclick = () => dialog.close();
  for (const form of ["naive", "vectorized"]) {
    const text = say(html(dialog, "pre"), words[form]);
    text.tabIndex = 0; // so that the keys can scroll it
  }
  source.onclick = () => dialog.showModal();
  draw();
}
