// How the pieces of MoCo's queue are drawn, as SVG in text. Runs before queue_view.js, in the same scope.
const TAU = 2 * Math.PI;
const COLOURS = ["#3f90da", "#e76300", "#832db6", "#ffa90e", "#94a4a2", "#bd1f01", "#92dadd", "#a96b59"];
const FRESH = [251, 216, 95], STALE = [38, 52, 96]; // shades of age: bright when new, dark when old
const around = (turn, radius) => [radius * Math.sin(TAU * turn), -radius * Math.cos(TAU * turn)];

function shade(age, oldest) {
  const part = oldest ? age / oldest : 0;
  return { fill: `rgb(${FRESH.map((c, i) => Math.round(c + part * (STALE[i] - c)))})`, ink: part > 0.5 ? "#fff" : "#111" };
}

function arc(turn, share, radius, kind, colour = "") {
  const gap = Math.min(0.004, share / 8), [x, y] = around(turn + gap, radius), [u, v] = around(turn + share - gap, radius);
  const style = colour && ` style="stroke:${colour}"`;
  return `<path class="${kind}"${style} d="M${x} ${y} A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${u} ${v}"/>`;
}

const label = (x, y, text, kind, ink = "") => `<text class="${kind}" x="${x}" y="${y}"${ink && ` style="fill:${ink}"`}>${text}</text>`;

// blocks = [{age | null, agreement}], the newest has age 0; pointer is a share of the whole turn
function ring(blocks, pointer, words) {
  const share = 1 / blocks.length, crowd = blocks.length > 16, oldest = blocks.length - 1;
  const drawn = blocks.map(({ age, agreement }, i) => {
    const [x, y] = around((i + 0.5) * share, 0.94), [u, v] = around((i + 0.5) * share, 0.66);
    if (age === null) return arc(i * share, share, 0.94, "queue-empty");
    const { fill, ink } = shade(age, oldest), said = `<title>${words.age(age, agreement)}</title>`;
    return `<g>${said}${arc(i * share, share, 0.94, "queue-block", fill)}` +
      (age ? "" : arc(i * share, share, 1.085, "queue-fresh")) +
      label(x, y, age || (crowd ? 0 : words.fresh), crowd ? "queue-age small" : age ? "queue-age" : "queue-age word", ink) +
      (crowd ? "" : label(u, v, agreement.toFixed(2), "queue-agreement")) + "</g>";
  });
  const tip = `<path class="queue-pointer" transform="rotate(${360 * pointer}) translate(0 -1.1)" d="M0 0 L-.055 -.13 H.055 Z"/>`;
  return drawn.join("") + tip + words.middle.map((line, i) =>
    label(0, 0.16 * (i - (words.middle.length - 1) / 2), line, i ? "queue-middle small" : "queue-middle")).join("");
}

// a frame of 520 × 160 with numbered ends of its upright axis
const LEFT = 44, RIGHT = 470, TOP = 10, FOOT = 128;
const up = (value, most) => FOOT - (FOOT - TOP) * value / (most || 1);
const along = (place, count) => LEFT + (RIGHT - LEFT) * place / count;

function axes(most, digits, ends) {
  const line = (value) => `<path class="queue-axis" d="M${LEFT} ${up(value, most)} H${RIGHT}"/>` +
    label(LEFT - 6, up(value, most), value.toFixed(digits), "queue-tick end");
  return line(0) + line(most) + label(LEFT, FOOT + 18, ends[0], "queue-tick") + label(RIGHT, FOOT + 18, ends[1], "queue-tick end");
}

// lines = [{name, values, chosen, colour}]: a curve for each momentum, its name at its end, and the step that is shown
function course(lines, most, at, steps, digits) {
  const curve = ({ values, chosen, colour }) => {
    const path = values.map((v, s) => `${along(s + 1, steps)},${up(v, most)}`).join(" ");
    return `<polyline class="${chosen ? "chosen" : ""}" style="--line:${colour}" points="${path}"/>`;
  };
  const ends = lines.map((line) => ({ ...line, y: up(line.values.at(-1), most) })).sort((a, b) => a.y - b.y);
  ends.forEach((end, k) => { if (k) end.y = Math.max(end.y, ends[k - 1].y + 14); });
  const over = Math.max(0, (ends.at(-1)?.y ?? 0) - FOOT - 6);
  const names = ends.map(({ name, chosen, colour, y }) =>
    label(RIGHT + 5, y - over, name, `queue-tick${chosen ? " chosen" : ""}`, `color-mix(in srgb, ${colour} 65%, var(--body-text-color))`));
  const sorted = [...lines].sort((a, b) => a.chosen - b.chosen); // the chosen one lies on top
  const now = at ? `<path class="queue-now" d="M${along(at, steps)} ${TOP} V${FOOT}"/>` : "";
  return axes(most, digits, [1, steps]) + sorted.map(curve).join("") + now + names.join("");
}

// blocks as in the ring: how many keys of each age, and as dots how far they agree, from `low` to 1
function ages(blocks, keys, low) {
  const count = blocks.length, wide = (RIGHT - LEFT) / count, there = blocks.filter((b) => b.age !== null);
  const bars = there.map(({ age }) => `<rect style="fill:${shade(age, count - 1).fill}" x="${along(age, count) + 1}"
    y="${TOP}" width="${wide - 2}" height="${FOOT - TOP}"/>`);
  const dots = there.map(({ age, agreement }) => `<circle cx="${along(age + 0.5, count)}" cy="${up((agreement - low) / (1 - low), 1)}" r="5"/>`);
  const scale = label(RIGHT + 5, TOP, "1.0", "queue-tick") + label(RIGHT + 5, FOOT, low.toFixed(1), "queue-tick");
  return axes(keys, 0, [0, count - 1]) + bars.join("") + dots.join("") + scale;
}

// order[place] = picture; three rows of pictures in the colours of their queries' devices, and their ways
function devices(order, parts, tile, step, words) {
  const n = order.length, each = n / parts, gap = 16, pitch = (1076 - gap * (parts - 1)) / n, side = Math.min(56, pitch - 2);
  const x = (place) => 2 + place * pitch + gap * Math.floor(place / each), middle = (place) => x(place) + side / 2;
  const inOrder = order.map((_, i) => i), rows = [inOrder, order, inOrder], y = (row) => 26 + row * (side + 96), tall = side + 8;
  const colour = (picture) => COLOURS[Math.floor(picture / each) % COLOURS.length];
  const chip = (picture, place, row) => `<rect style="fill:${colour(picture)}" x="${x(place)}" y="${y(row)}" width="${side}" height="${tall}"/>
    <svg x="${x(place) + 1}" y="${y(row) + 1}" width="${side - 2}" height="${side - 2}" viewBox="${picture * tile} ${step * tile} ${tile} ${tile}">
    <use href="#queue-atlas"/></svg>`;
  const way = (picture, from, to, row) => `<path style="stroke:${colour(picture)}" d="M${middle(from)} ${y(row) + tall}
    C${middle(from)} ${y(row) + tall + 50} ${middle(to)} ${y(row + 1) - 50} ${middle(to)} ${y(row + 1)}"/>`;
  const ways = order.map((picture, place) => way(picture, picture, place, 0) + way(picture, place, picture, 1));
  const boxes = Array.from({ length: parts }, (_, d) => `<rect class="queue-device" x="${x(d * each) - 2}" y="${y(1) - 3}"
    width="${(each - 1) * pitch + side + 4}" height="${tall + 6}" rx="5"/>`);
  const names = words.map((word, row) => label(2, y(row) - 13, word, "queue-row"));
  const chips = rows.map((pictures, row) => pictures.map((picture, place) => chip(picture, place, row)).join(""));
  return { drawn: ways.join("") + boxes.join("") + chips.join("") + names.join(""), high: y(2) + tall + 2 };
}
