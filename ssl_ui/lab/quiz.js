// Predict, then reveal: one question at a time; nothing is shown before the student has chosen.
// labQuiz(box, call, words, on) → {show(loss)}. `call("lab_quiz", loss)` gets {questions} (ssl_ui/lab_quiz.py)
// or {problem}; on = {cover(question), reveal(question)}: the bench behind takes the state question.cover, or
// question.reveal with the stage question.stage and its entry question.cell = [row, column | null] | null lit.
function labQuiz(box, call, words, on) {
  box.innerHTML = `<div class="lab-quiz"><div class="lab-quiz-card">
    <header><b class="lab-quiz-place" aria-live="polite"></b><span class="lab-quiz-marks"></span>
      <nav><button class="lab-quiz-again">↺</button><button class="lab-quiz-back">←</button>
        <button class="lab-quiz-next">→</button></nav></header>
    <p class="lab-quiz-ask"></p><div class="lab-quiz-choices" role="group"></div>
    <div class="lab-quiz-said" aria-live="polite">
      <p class="lab-quiz-verdict"></p><p class="lab-quiz-fact"></p><p class="lab-quiz-why"></p></div></div></div>`;
  const $ = (name) => box.querySelector(`.lab-quiz-${name}`);
  const chosen = {}; // loss → question → what was chosen; kept while the page is open
  let loss = "", all = [], at = 0;
  for (const [name, step] of [["back", -1], ["next", 1]]) {
    $(name).title = words[`quiz_${name}`];
    $(name).setAttribute("aria-label", words[`quiz_${name}`]);
    $(name).onclick = () => go(at + step);
  }
  $("again").title = words.quiz_again;
  $("again").setAttribute("aria-label", words.quiz_again);
  $("again").onclick = () => {
    chosen[loss] = {};
    go(0);
  };
  document.addEventListener("keydown", press);
  const panel = box.firstElementChild; // a container query would say this, but Gradio drops those of a style sheet
  new ResizeObserver(([{ contentRect }]) => {
    panel.classList.toggle("lab-quiz-wide", contentRect.width > 41 * parseFloat(getComputedStyle(panel).fontSize));
  }).observe(panel);

  const answered = (question) => chosen[loss][question.id];
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const labelled = (tag, name, text) =>
    Object.assign(document.createElement(tag), { className: `lab-quiz-${name}`, textContent: text });

  async function show(of) {
    const asked = (loss = of), got = await call("lab_quiz", of);
    if (!got || asked !== loss) return; // another loss was chosen meanwhile
    chosen[loss] ??= {};
    all = got.questions ?? [];
    $("card").classList.toggle("lab-quiz-empty", !all.length);
    if (all.length) return go(Math.max(0, all.findIndex((question) => answered(question) === undefined)));
    $("ask").textContent = got.problem ?? words.quiz_none;
  }

  function go(to) {
    if (to < 0 || to >= all.length) return;
    at = to;
    const question = all[at], pick = answered(question);
    $("ask").textContent = question.ask;
    $("choices").setAttribute("aria-label", question.ask);
    $("choices").replaceChildren(...question.choices.map(choice));
    $("card").scrollTop = 0;
    if (pick === undefined) on.cover(question);
    said(question, pick);
  }

  function choice(text, k) {
    const button = document.createElement("button");
    button.append(labelled("kbd", "key", k + 1), labelled("span", "text", text));
    button.append(labelled("span", "number", ""), labelled("span", "sign", ""));
    button.onclick = () => choose(k);
    return button;
  }

  function choose(k) {
    const question = all[at];
    if (answered(question) !== undefined) return;
    chosen[loss][question.id] = k;
    said(question, k);
    $("card").scrollTop = $("said").offsetTop; // where there is little room: to the reason
  }

  // what is known of the question: all of it once it is answered
  function said(question, pick) {
    const open = pick === undefined, right = pick === question.answer;
    $("card").dataset.state = open ? "open" : right ? "right" : "wrong";
    [...$("choices").children].forEach((button, k) => {
      const mark = open ? "" : k === question.answer ? "right" : k === pick ? "wrong" : "other";
      const sign = { right: "✓", wrong: "✗" }[mark] ?? "";
      button.className = mark && `lab-quiz-${mark}`;
      button.setAttribute("aria-disabled", String(!open));
      button.setAttribute("aria-pressed", String(k === pick));
      button.children[2].textContent = open ? "" : question.numbers[k] ?? "";
      button.children[3].textContent = sign;
      if (sign) button.children[3].setAttribute("aria-label", words[`quiz_${mark}_mark`]);
    });
    const verdict = open ? words.quiz_choose : right ? `✓ ${words.quiz_right}` : `✗ ${words.quiz_wrong}`;
    $("verdict").textContent = [verdict, progress()].join(" ");
    $("fact").textContent = open ? "" : question.fact;
    $("why").textContent = open ? "" : question.why;
    if (!open) on.reveal(question);
  }

  // how far the questions about this loss have come; answers with the score once all are answered
  function progress() {
    $("place").textContent = filled(words.quiz_place, { k: at + 1, n: all.length });
    const states = all.map((question) =>
      answered(question) === undefined ? "open" : answered(question) === question.answer ? "right" : "wrong");
    const right = states.filter((state) => state === "right").length, done = !states.includes("open");
    $("marks").textContent = states.map((state) => ({ right: "✓", wrong: "✗", open: "○" })[state]).join(" ");
    $("marks").setAttribute("role", "img");
    $("marks").setAttribute("aria-label", states.map((state) => words[`quiz_${state}_mark`]).join(", "));
    $("again").hidden = !done;
    $("back").disabled = at === 0;
    $("next").disabled = at === all.length - 1;
    return done ? filled(words.quiz_score, { right, n: all.length }) : "";
  }

  // 1 to 4 anywhere on the page while the panel is in sight, but not where something is typed
  function press(event) {
    if (!box.isConnected) return document.removeEventListener("keydown", press);
    const typing = event.target.closest?.("input, textarea, select, [contenteditable='true'], dialog");
    const k = Number(event.key) - 1;
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !box.getClientRects().length) return;
    if (Number.isInteger(k) && k >= 0 && k < (all[at]?.choices.length ?? 0)) choose(k);
  }
  return { show };
}
