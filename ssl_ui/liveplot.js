// A plot that stays the same element for as long as the page is open: livePlot(box, trigger).draw(figure).
// Drawing is coalesced to the screen's pace, zoom is kept, colours follow light and dark, and a plot in a
// hidden tab, or scrolled out of sight, waits until it is seen. trigger("click" | "select" | "hover", detail) tells what was pointed at.
function livePlot(box, trigger) {
  const CONFIG = { displaylogo: false, showSendToCloud: false, responsive: false };
  const DWELL = 125; // ms the pointer rests on a point before it counts as hovering
  let wanted = null, drawn = null, frame = 0, dwell = 0, bound = false, drawing = false, onScreen = true;

  const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();

  function themed(layout) {
    const text = colour("--body-text-color"), faint = colour("--border-color-primary");
    const axis = { gridcolor: faint, zerolinecolor: faint, linecolor: faint, tickcolor: faint, automargin: true };
    const out = {
      autosize: true, uirevision: "keep", hoverdistance: 14, ...layout,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { size: 15, ...layout.font, color: text, family: colour("--font") },
      hoverlabel: { bgcolor: colour("--background-fill-primary"), bordercolor: faint, font: { color: text, size: 15 } },
    };
    for (const key of new Set(["xaxis", "yaxis", ...Object.keys(layout)]))
      if (/^[xy]axis\d*$/.test(key)) out[key] = { ...axis, ...layout[key] };
    return apart(out);
  }

  // layout.meta.apart = {columns, pixels}: panels in rows of so many, and in the pixels between two the numbers of the
  // right one. plotly knows shares of the width only, in which a narrow window leaves no room for them.
  function apart(layout) {
    const { columns, pixels } = layout.meta?.apart ?? {};
    if (!columns) return layout;
    const inner = Math.max(1, box.offsetWidth - layout.margin.l - layout.margin.r), gap = Math.min(0.2, pixels / inner);
    const wide = (1 - gap * (columns - 1)) / columns;
    layout.annotations = layout.annotations.map((heading, i) => {
      const name = `xaxis${i ? i + 1 : ""}`, left = (i % columns) * (wide + gap);
      layout[name].domain = [left, left + wide];
      return { ...heading, x: left };
    });
    return layout;
  }

  function draw(figure) {
    wanted = figure;
    if (!frame) frame = requestAnimationFrame(flush);
  }

  async function flush() {
    frame = 0;
    if (drawing) return; // one at a time: what is wanted by then is drawn after it
    if (!box.offsetWidth || !onScreen) { // not seen now: an observer calls again when it is
      if (picture) picture.hidden = true;
      return;
    }
    if (wanted === null && drawn?.layout?.meta?.apart) wanted = drawn; // what stands apart in pixels is laid out anew
    if (wanted === null) return drawn && Plotly.Plots.resize(box);
    const figure = (drawn = wanted), atlas = figure.layout?.meta?.pictures;
    wanted = null;
    if (atlas) new Image().src = atlas.url; // so that it is there before it is pointed at
    drawing = true;
    try {
      await Plotly.react(box, figure.data || [], themed(figure.layout || {}), { ...CONFIG, ...figure.config });
    } finally {
      drawing = false;
    }
    if (!bound) bind();
    if (wanted) draw(wanted);
  }

  const plain = (p) => ({
    index: p.pointIndex ?? p.pointNumber, value: p.customdata ?? null, curve: p.curveNumber,
    x: p.x, y: p.y, z: p.z ?? null, name: p.data.name ?? null,
  });

  function bind() {
    bound = true;
    box.on("plotly_click", (event) => trigger("click", plain(event.points[0])));
    box.on("plotly_selected", (event) => {
      const points = event ? event.points.map(plain) : [];
      trigger("select", { points, index: points.map((p) => p.index), value: points.map((p) => p.value) });
    });
    box.on("plotly_deselect", () => trigger("select", { points: [], index: [], value: [] }));
    box.on("plotly_hover", (event) => {
      showPicture(event);
      clearTimeout(dwell);
      dwell = setTimeout(() => trigger("hover", plain(event.points[0])), DWELL);
    });
    box.on("plotly_unhover", () => {
      clearTimeout(dwell);
      if (picture) picture.hidden = true;
    });
  }

  // layout.meta.pictures = {url, columns}: one image of many tiles; a point's customdata is its tile.
  let picture = null;
  function showPicture(event) {
    const atlas = drawn?.layout?.meta?.pictures, place = [event.points[0].customdata].flat()[0];
    if (!atlas || !Number.isInteger(place)) return;
    if (!picture) {
      picture = document.body.appendChild(document.createElement("div"));
      picture.className = "liveplot-picture";
    }
    const side = 96, column = place % atlas.columns, row = Math.floor(place / atlas.columns);
    const right = event.event.clientX + 16 + side < innerWidth;
    Object.assign(picture.style, {
      left: `${event.event.clientX + (right ? 16 : -16 - side)}px`, top: `${event.event.clientY - side - 12}px`,
      width: `${side}px`, height: `${side}px`, backgroundImage: `url("${atlas.url}")`,
      backgroundSize: `${atlas.columns * side}px auto`, backgroundPosition: `${-column * side}px ${-row * side}px`,
    });
    picture.hidden = false;
  }

  new IntersectionObserver((entries) => {
    onScreen = entries.at(-1).isIntersecting;
    if (onScreen && wanted) draw(wanted);
  }, { rootMargin: "120px" }).observe(box);
  new ResizeObserver(() => { if (!frame) frame = requestAnimationFrame(flush); }).observe(box);
  new MutationObserver((_, observer) => {
    if (!box.isConnected) observer.disconnect();
    else if (drawn) draw(wanted ?? drawn);
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return { draw };
}
