// The classic mistakes: switches, the code with and without them, and what becomes of value and gradient.
//   labMistakes(box, call, words) → {show(state), chosen()}
// `call("lab_mistakes", state)` gets what ssl_ui.lab_mistakes.mistakes_answer gives, or {problem}; the state is the
// bench's with the names of the mistakes. Below them is the race (race.js).
function labMistakes(box, call, words) {
  const { html, say, pool } = labPen, ask = labAsk((argument) => call("lab_mistakes", argument));
  const on = new Set(), switches = new Map();
  let state = null, fits = new Set();
  box.classList.add("lab-mistakes");
  const left = html(box, "div", "lab-mistakes-inputs"), right = html(box, "div", "lab-mistakes-results");
  const fieldset = html(left, "fieldset", "lab-mistakes-switches");
  const title = html(fieldset, "legend");
  const code = html(left, "div", "lab-mistakes-code"), lines = pool(() => line(code));
  const abouts = html(left, "div", "lab-mistakes-abouts"), notes = pool(() => html(abouts, "p"));
  code.tabIndex = 0; // so that the keys can scroll it
  code.setAttribute("aria-label", words.program);
  abouts.setAttribute("aria-live", "polite");

  const trouble = html(right, "p", "lab-problem");
  const value = verdict(words.value), gradient = verdict(words.gradient);
  const lengths = chart(labBars), anchors = chart(labBars), square = chart(labMatrix, anchors.box.parentNode);
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;
  labRace(html(box, "div", "lab-race"), call, words);

  function line(parent) {
    const whole = html(parent, "div"), rows = ["right", "wrong"].map((kind) => {
      const row = html(whole, "div", `lab-mistakes-${kind}`);
      return { row, sign: html(row, "span", "lab-mistakes-sign"), text: html(row, "code") };
    });
    return { rows, remove: () => whole.remove() };
  }
  function verdict(name) {
    const whole = html(right, "section", "lab-mistakes-verdict"), facts = html(whole, "dl");
    const head = html(whole, "header");
    say(html(head, "b"), name);
    const sign = html(head, "span", "lab-mistakes-equal"), said = html(head, "span");
    return { whole, sign, said, facts: pool(() => fact(facts)) };
  }
  function fact(parent) {
    const whole = html(parent, "div");
    return { name: html(whole, "dt"), value: html(whole, "dd"), remove: () => whole.remove() };
  }
  function chart(draw, parent = html(right, "div", "lab-mistakes-charts")) {
    const own = html(parent, "div");
    return { box: own, drawing: draw(own) };
  }

  function drawSwitches(all) {
    fits = new Set(all.filter((one) => one.fits).map((one) => one.name));
    for (const one of all) {
      if (!switches.has(one.name)) switches.set(one.name, makeSwitch(one.name));
      const { tick, name, why, label } = switches.get(one.name);
      say(name, one.title);
      say(why, one.why);
      label.title = one.about;
      tick.disabled = !one.fits;
      tick.checked = one.fits && on.has(one.name); // not one.on: an answer may be older than the last click
    }
  }
  function makeSwitch(name) {
    const label = html(fieldset, "label"), tick = html(label, "input"), text = html(label, "span");
    tick.type = "checkbox";
    tick.onchange = () => {
      if (tick.checked) on.add(name);
      else on.delete(name);
      show(state);
    };
    return { label, tick, name: html(text, "span"), why: html(text, "small") };
  }

  function drawCode(program) {
    lines(program.length).forEach(({ rows: [good, bad] }, i) => {
      const { right: text, wrong } = program[i];
      good.row.classList.toggle("lab-mistakes-replaced", wrong !== null);
      say(good.sign, wrong === null ? "" : "✓");
      say(good.text, text);
      bad.row.hidden = wrong === null;
      say(bad.sign, "✗");
      say(bad.text, wrong ?? "");
    });
    const changed = code.querySelectorAll(".lab-mistakes-replaced"), last = [...changed].at(-1)?.nextSibling;
    if (last) code.scrollTop = Math.min(changed[0].offsetTop, last.offsetTop + last.offsetHeight - code.clientHeight + 4);
  }
  function drawAbouts(all, besides) {
    const made = all.filter((one) => one.on), said = made.map((one) => (made.length > 1 ? `${one.title}. ` : "") + one.about);
    const text = [...besides, ...(said.length ? said : [words.none])];
    notes(text.length).forEach((one, i) => {
      say(one, text[i]);
      one.classList.toggle("lab-mistakes-note", i < besides.length);
    });
  }
  function drawVerdict(one, found, facts) {
    say(one.sign, found.sign);
    say(one.said, found.words);
    one.whole.classList.toggle("lab-mistakes-other", found.sign !== "=");
    one.facts(facts.length).forEach((row, i) => {
      say(row.name, facts[i][0]);
      say(row.value, facts[i][1]);
    });
  }

  const NUMBERS = { "∞": Infinity, "−∞": -Infinity, NaN };
  const plain = (values) => values.map((v) => (typeof v === "string" ? NUMBERS[v] : v));
  const told = (sides) => sides.flatMap((side) => side.map((v) => (typeof v === "string" ? v : labPen.figure(v))));
  function pairs(drawing, title, names, sides, more = {}) {
    const groups = [words.right, words.wrong].slice(0, sides.length);
    drawing.draw({ title, names, groups, values: sides.flatMap(plain), words: told(sides), ...more });
  }
  function drawCharts(got) {
    const { names, turns, broadcast } = got, few = names.length <= 8 && got.gradient.sign !== "=";
    const marks = few ? [...names.map(() => ""), ...turns.map((turn) => (turn === null ? "" : `${Math.round(turn)}°`))] : [];
    pairs(lengths.drawing, few ? words.lengths_turned : words.lengths, names, got.lengths, { marks });
    anchors.box.parentNode.classList.toggle("lab-mistakes-two", broadcast);
    square.box.hidden = !broadcast;
    pairs(anchors.drawing, words.anchors, names, broadcast ? got.anchors.slice(0, 1) : got.anchors);
    if (!broadcast) return;
    const values = plain(got.anchors[1]), limit = Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));
    const look = { digits: 1, limit, signed: true, kind: "number" };
    square.drawing.draw({ rows: names, columns: names, values: Float64Array.from(values), ...look });
  }

  async function show(next) {
    state = next;
    const got = await ask({ ...state, mistakes: [...on] });
    if (got === null) return; // a newer question is under way
    trouble.hidden = !got.problem;
    say(trouble, got.problem ?? "");
    if (got.problem) return; // the last good state stays
    say(title, got.title);
    drawSwitches(got.switches);
    drawCode(got.program);
    drawAbouts(got.switches, got.notes);
    drawVerdict(value, got.value, [[words.right, got.value.right], [words.wrong, got.value.wrong]]);
    drawVerdict(gradient, got.gradient, got.gradient.facts);
    drawCharts(got);
  }
  return { show, chosen: () => [...on].filter((name) => fits.has(name)) };
}
