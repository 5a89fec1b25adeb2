// Small charts side by side, one for each name among the series: its curves over the steps, the current figure
// in large and a dot at the current step. A second series of a name is dashed, and has its figure beside.
// on = { pick(step) }: a click or a drag on a chart, or an arrow key, goes to a step.
function labCurves(box, on = {}) {
  const { svg, html, set, say, pool, figure } = labPen;
  const size = labPen.room(box, () => spec && draw(spec)), title = html(box, "div", "lab-curves-title");
  box.classList.add("lab-of-curves");
  const row = html(box, "div", "lab-curves"), frames = pool(frame);
  const words = html(title, "b"), legend = pool(() => dashed(html(title, "span")));
  let spec = null;

  function frame() {
    const whole = html(row, "figure", "lab-curve"), head = html(whole, "figcaption");
    const root = svg(whole, "svg");
    const one = { whole, name: html(head, "b"), figures: pool(() => figured(head)), root, left: 0, right: 1 };
    one.axes = svg(root, "path", "lab-curve-axes");
    one.now = svg(root, "path", "lab-curve-now");
    one.ticks = pool(() => svg(root, "text", "lab-tick"));
    one.lines = pool(() => svg(root, "path", "lab-curve-line"));
    one.dots = pool(() => svg(root, "circle", "lab-curve-dot"));
    one.remove = () => whole.remove();
    if (on.pick) scrub(one);
    return one;
  }
  function dashed(one) {
    const root = set(svg(one, "svg"), { width: 26, height: 8, "aria-hidden": "true" });
    return Object.assign(one, { dash: svg(root, "path", "", { d: "M1 4H25" }), text: html(one, "output") });
  }
  const figured = (head) => dashed(html(head, "span", "lab-curve-figure"));
  const kind = (series, of) => `lab-curve-${of}${series.dash ? " lab-dash" : ""}`;

  function scrub(one) {
    const go = (step) => {
      const to = Math.max(0, Math.min(spec.total, Math.round(step)));
      if (to !== spec.at) on.pick(to);
    };
    const { root } = one;
    const part = (event) => (labPen.spot(event, root)[0] - one.left) / (one.right - one.left);
    root.addEventListener("pointerdown", (event) => {
      root.setPointerCapture(event.pointerId);
      go(part(event) * spec.total);
    });
    root.addEventListener("pointermove", (event) => {
      if (root.hasPointerCapture(event.pointerId)) go(part(event) * spec.total);
    });
    set(root, { tabindex: 0, role: "slider" });
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity };
    labPen.keys(root, ({ key }) => {
      if (by[key]) go(spec.at + by[key]);
      return Boolean(by[key]);
    }, true);
  }

  // the ends of an upright axis; a flat curve runs through the middle
  function ends(all) {
    const values = all.flatMap((s) => s.values).filter((v) => v !== null && Number.isFinite(v));
    if (!values.length) return [0, 1];
    const least = values.reduce((a, b) => Math.min(a, b)), most = values.reduce((a, b) => Math.max(a, b));
    const flat = Math.max(1e-9, Math.abs(most)) * 1e-6;
    return most - least > flat ? [least, most] : [least - 0.5, most + 0.5];
  }
  const there = (v) => v !== null && v !== undefined && Number.isFinite(v);

  function drawFrame(one, series, wide, high) {
    const { em } = size, low = high < 4 * em, own = series.some((s) => s.own), digits = spec.digits ?? 3;
    const top = em * (low ? 0.4 : 0.7), floor = high - em * (low ? 0.4 : 1.5);
    const scales = series.map((s) => ends(own ? [s] : series));
    const tick = (v) => figure(v, Math.min(2, digits)), labels = scales.map((scale) => scale.map(tick));
    const room = (k) => Math.max(...labels[k].map((text) => labPen.width(text, box))) * em * 0.85 + 8;
    const left = (one.left = room(0)), right = (one.right = wide - (own && series[1] ? room(1) : em * 0.6));
    const x = (step) => left + ((right - left) * step) / (spec.total || 1);
    const y = (v, k) => floor - ((floor - top) * (v - scales[k][0])) / (scales[k][1] - scales[k][0]);
    set(one.axes, { d: `M${left} ${top}V${floor}H${right}` });
    set(one.now, { d: `M${x(spec.at)} ${top}V${floor}` });
    const side = (k, at, anchor) => labels[k].map((text, i) => [text, at, i ? top : floor, anchor]);
    const foot = high - em * 0.6;
    const steps = [["0", left, foot, "start"], [String(spec.total), right, foot, "end"]];
    const second = own && series[1] ? side(1, right + 5, "start") : [];
    const texts = low ? [] : [...side(0, left - 5, "end"), ...steps, ...second];
    one.ticks(texts.length).forEach((t, k) => {
      const [text, tx, ty, anchor] = texts[k];
      set(say(t, text), { x: tx, y: ty, "text-anchor": anchor, "font-size": em * 0.85 });
    });
    one.lines(series.length).forEach((line, k) => {
      let pen = "M";
      const d = series[k].values.map((v, step) => {
        const part = there(v) ? `${pen}${x(step).toFixed(1)} ${y(v, k).toFixed(1)}` : "";
        pen = there(v) ? "L" : "M";
        return part;
      });
      set(line, { d: d.join(""), class: kind(series[k], "line") });
    });
    one.dots(series.length).forEach((dot, k) => {
      const v = series[k].values[spec.at];
      const cy = there(v) ? y(v, k) : 0, display = there(v) ? null : "none";
      set(dot, { cx: x(spec.at), cy, r: em * 0.36, display, class: kind(series[k], "dot") });
    });
  }
  function drawFigures(one, name, series) {
    say(one.name, name);
    one.whole.classList.toggle("lab-curve-two", series.length > 1);
    const current = series.map(({ values }) => values[spec.at]);
    const texts = current.map((v) => (there(v) ? figure(v, spec.digits ?? 3) : "–"));
    one.figures(series.length).forEach((f, k) => {
      say(f.text, texts[k]);
      f.dash.parentNode.style.display = series.length > 1 ? "" : "none";
      set(f.dash, { class: kind(series[k], "line") });
    });
    const at = { "aria-valuemin": 0, "aria-valuemax": spec.total, "aria-valuenow": spec.at };
    set(one.root, { "aria-label": name, ...at, "aria-valuetext": `${spec.at}: ${texts.join(", ")}` });
  }
  function drawTitle() {
    const losses = [...new Map(spec.series.filter((s) => s.of).map((s) => [s.of, s])).values()];
    say(words, spec.title ?? "");
    legend(losses.length).forEach((one, k) => {
      say(one.text, losses[k].of);
      set(one.dash, { class: kind(losses[k], "line") });
    });
    title.hidden = !spec.title && !losses.length;
  }

  function draw(next) {
    spec = next;
    if (!size.wide || !size.high) return;
    drawTitle();
    const byName = Map.groupBy(spec.series, (s) => s.name), names = [...byName.keys()];
    const all = frames(names.length);
    all.forEach((one, k) => drawFigures(one, names[k], byName.get(names[k])));
    const sizes = all.map(({ root }) => [root.clientWidth, root.clientHeight]); // what the figures leave
    all.forEach((one, k) => drawFrame(one, byName.get(names[k]), ...sizes[k]));
  }
  return { draw };
}
