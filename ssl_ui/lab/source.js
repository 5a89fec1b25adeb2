// The lines of a loss's own source, with those that compute a stage lit and in sight.
//   labSource(box) → { show(source), light(stage | null) }
// source: a Source of ssl_core/lab as JSON, {file, lines: [[number, text], …], stages: {name: [number, …]}}
function labSource(box) {
  const make = (tag, name, parent, text = "") =>
    parent.appendChild(Object.assign(document.createElement(tag), { className: name, textContent: text }));
  box.classList.add("lab-source");
  const file = make("div", "lab-source-file", box), lines = make("div", "lab-source-lines", box);
  lines.tabIndex = 0; // so that the keys can scroll it
  let source = null, rows = new Map();

  function show(next) {
    source = next;
    box.hidden = !source.lines.length; // of a loss without a file there is nothing to show
    file.textContent = source.file;
    rows = new Map();
    lines.replaceChildren();
    for (const [number, text] of source.lines) {
      const row = make("div", "lab-source-line", lines);
      make("span", "lab-source-sign", row).ariaHidden = "true";
      make("span", "lab-source-number", row, number);
      // a line that is too long goes on a little to the right of where it began
      const indent = text.length - text.trimStart().length + 4;
      make("code", "", row, text).style.setProperty("--lab-indent", `${indent}ch`);
      rows.set(number, row);
    }
  }

  function light(stage) {
    const lit = (source?.stages?.[stage] ?? []).map((number) => rows.get(number));
    for (const row of rows.values()) {
      row.classList.toggle("lab-source-lit", lit.includes(row));
      row.firstChild.textContent = lit.includes(row) ? "▸" : "";
    }
    if (lit.length) reveal(lit);
  }

  // the middle of what is lit comes to the middle; where that is more than the box shows, its last line stays
  // in sight: helpers come first, and the line that sets the stage last
  function reveal(lit) {
    const top = lit[0].offsetTop, last = lit.at(-1), bottom = last.offsetTop + last.offsetHeight;
    const room = lines.clientHeight;
    lines.scrollTop = bottom - top > room ? bottom - room : (top + bottom - room) / 2;
  }

  new ResizeObserver(() => {
    const lit = [...rows.values()].filter((row) => row.classList.contains("lab-source-lit"));
    if (lit.length) reveal(lit);
  }).observe(lines);
  return { show, light };
}
