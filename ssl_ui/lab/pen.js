// What all drawings of the laboratory share. Elements are made once and then only changed where something
// differs, so that hover, focus and transitions outlive a redraw.
const labPen = (() => {
  const NAMES = "http://www.w3.org/2000/svg", RULER = 100, widths = new Map();
  let ruler = null, made = 0;

  function set(one, attributes) {
    const known = (one.lab ??= {});
    for (const name in attributes) {
      const value = attributes[name];
      if (known[name] === value) continue;
      known[name] = value;
      if (value === null) one.removeAttribute(name);
      else one.setAttribute(name, value);
    }
    return one;
  }

  const put = (parent, one, kind) => {
    if (kind) one.setAttribute("class", kind);
    parent?.append(one);
    return one;
  };
  const svg = (parent, tag, kind = "", attributes = {}) =>
    set(put(parent, document.createElementNS(NAMES, tag), kind), attributes);
  const html = (parent, tag, kind = "") => put(parent, document.createElement(tag), kind);

  function say(one, text) {
    if (one.labSaid !== text) one.textContent = one.labSaid = text;
    return one;
  }

  // as many elements as asked for; those of the last time come first
  function pool(make) {
    const all = [];
    return (count) => {
      while (all.length < count) all.push(make(all.length));
      while (all.length > count) all.pop().remove();
      return all;
    };
  }

  const HIGH = { "-": "⁻" };
  const raised = (n) => [...String(n)].map((c) => HIGH[c] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");
  const minus = (text) => (/^-0(\.0*)?$/.test(text) ? text.slice(1) : text.replace("-", "−"));

  // a number with a real minus sign; a large one gives up decimals, since a cell is not wide
  function figure(value, digits = 2) {
    if (Number.isNaN(value)) return "";
    const size = Math.abs(value);
    if (size === Infinity) return value < 0 ? "−∞" : "∞";
    if (size >= 1e5) {
      const power = Math.floor(Math.log10(size));
      return `${minus((value / 10 ** power).toFixed(1))}·10${raised(power)}`;
    }
    return minus(value.toFixed(size < 100 ? digits : size < 1000 ? Math.min(1, digits) : 0));
  }

  // how many em a text is wide in the page's font; all digits are of one width
  function width(text, place) {
    const key = String(text).replace(/\d/g, "0");
    if (widths.has(key)) return widths.get(key);
    ruler ??= document.createElement("canvas").getContext("2d");
    ruler.font = `${RULER}px ${getComputedStyle(place).fontFamily}`;
    widths.set(key, ruler.measureText(key).width / RULER);
    return widths.get(key);
  }

  function cut(text, most, place) { // to at most that many em
    if (width(text, place) <= most) return text;
    let end = text.length;
    while (end > 1 && width(text.slice(0, end) + "…", place) > most) end--;
    return text.slice(0, end) + "…";
  }

  // the size of a box and of its type, kept up to date; `redraw` is called when either has changed
  function room(box, redraw) {
    box.classList.add("lab-drawing");
    const probe = html(box, "i", "lab-em"), size = { wide: 0, high: 0, em: 15 };
    const look = () => {
      const em = probe.getBoundingClientRect().width || size.em;
      const now = { wide: box.clientWidth, high: box.clientHeight, em };
      const changed = Object.keys(now).some((k) => now[k] !== size[k]);
      Object.assign(size, now);
      return changed;
    };
    look();
    const watcher = new ResizeObserver(() => look() && size.wide && redraw());
    watcher.observe(box);
    watcher.observe(probe);
    return size;
  }

  // The arrow keys belong to a drawing that was reached with the keyboard. After a click they still step
  // through the stages of the page, unless the drawing keeps them.
  function keys(target, pressed, keeps = false) {
    let pointing = false, mine = false;
    target.addEventListener("pointerdown", () => {
      pointing = true;
      mine &&= keeps;
      setTimeout(() => (pointing = false));
    }, true);
    target.addEventListener("pointerup", () => (pointing = false));
    target.addEventListener("focusin", () => (mine = keeps || !pointing));
    target.addEventListener("focusout", () => (mine = false));
    target.addEventListener("keydown", (event) => {
      if (!mine || event.altKey || event.ctrlKey || event.metaKey || !pressed(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    return () => mine;
  }
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  // one picture of an atlas, as the background of an HTML element `side` px wide
  function tile(one, tiles, index, side) {
    const column = index % tiles.columns, row = Math.floor(index / tiles.columns);
    const key = `${tiles.url} ${tiles.columns} ${index} ${side}`;
    if (one.labTile === key) return;
    one.labTile = key;
    const place = `${-column * side}px ${-row * side}px`;
    one.style.cssText = `width:${side}px;height:${side}px;background-image:url("${tiles.url}");` +
      `background-size:${tiles.columns * side}px auto;background-position:${place}`;
  }

  const spot = (event, of) => {
    const box = of.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const unique = () => `lab-${++made}`;
  return { set, svg, html, say, pool, figure, width, cut, room, keys, WAYS, tile, spot, unique };
})();
