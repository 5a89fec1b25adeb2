// Colours, marker shapes and signs, as ssl_ui/palette.py and ssl_ui/mask_signs.py have them.
const labMarks = (() => {
  const CLASSES = [
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
  ];
  const around = (angle) => [Math.sin(angle), -Math.cos(angle)];
  const turn = (k, of, from = 0) => around(2 * Math.PI * (k / of + from));
  const closed = (corners) => `M${corners.map((c) => c.map((v) => +v.toFixed(3)).join(" ")).join("L")}Z`;
  const many = (sides, radius, from = 0) =>
    closed(Array.from({ length: sides }, (_, k) => turn(k, sides, from).map((v) => v * radius)));
  const star = (points, far, near) => {
    const corner = (_, k) => turn(k, 2 * points).map((v) => v * (k % 2 ? near : far));
    return closed(Array.from({ length: 2 * points }, corner));
  };
  const CROSS = [[-0.36, -1.05], [0.36, -1.05], [0.36, -0.36], [1.05, -0.36], [1.05, 0.36], [0.36, 0.36]];
  const crossed = [...CROSS, ...CROSS.map(([x, y]) => [-x, -y])];
  const leaning = crossed.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
  const disc = (r) => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
  const SHAPES = [ // in the order of palette.MARKERS, of about one area
    disc(0.92), many(4, 1.18, 1 / 8), many(4, 1.22), closed(crossed), many(3, 1.3),
    star(5, 1.3, 0.58), closed(leaning), many(5, 1.1), many(3, 1.3, 1 / 2), many(6, 1.08, 1 / 12),
  ];
  const OTHERS = { queue: disc(0.6), prototype: star(4, 1.6, 0.56) }; // not a view of a picture

  const colour = (k) => CLASSES[k % CLASSES.length];
  const shape = (k, kind) => OTHERS[kind] ?? SHAPES[(k + Math.floor(k / CLASSES.length)) % SHAPES.length];

  // black figures can be read on every colour of both scales
  const SIGNED = ["#d6604d", "#f4a582", "#f7f7f7", "#92c5de", "#4393c3"];
  const AMOUNTS = ["#f7f7f7", "#fbe08a", "#fbc024"];
  const STEPS = 256;
  const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  function ramp(stops) {
    const rgb = Array.from({ length: STEPS }, (_, i) => {
      const place = (i / (STEPS - 1)) * (stops.length - 1), k = Math.min(Math.floor(place), stops.length - 2);
      const from = parts(stops[k]), to = parts(stops[k + 1]);
      return from.map((c, j) => Math.round(c + (place - k) * (to[j] - c)));
    });
    return { rgb, css: rgb.map((c) => `rgb(${c})`) };
  }
  const RAMPS = { signed: ramp(SIGNED), amounts: ramp(AMOUNTS) };

  // the colour of a value: its place in `ramp`
  function scale(signed, limit) {
    const { rgb, css } = RAMPS[signed ? "signed" : "amounts"], low = signed ? -limit : 0;
    const span = limit - low || 1;
    return { rgb, css, place: (v) => Math.round((STEPS - 1) * Math.max(0, Math.min(1, (v - low) / span))) };
  }

  const CROWDED = 22; // px of a cell in which a frame of its own would hide the colour
  // the strokes of a sign in a cell: in an open cell it is large, beside a figure small and in a corner
  const SIGNS = {
    positive: (x, y, w, h) => {
      const e = Math.min(3.5, h / 7);
      return `M${x + e} ${y + e}h${w - 2 * e}v${h - 2 * e}h${2 * e - w}Z`;
    },
    negative: (x, y, w, h) => `M${x + w / 2 - h * 0.28} ${y + h * 0.78}l${h * 0.56} ${-h * 0.56}`,
    self: (x, y, w, h) => {
      const e = h * 0.34;
      return `M${x + w / 2 - e} ${y + h / 2 - e}l${2 * e} ${2 * e}m0 ${-2 * e}l${-2 * e} ${2 * e}`;
    },
    unused: (x, y, w, h) => `M${x + w / 2 - 0.1} ${y + h / 2}h0.2`,
    numerator: (x, y, w, h) => {
      const s = letter(w, h);
      return `M${x + s * 0.45} ${y + h - s * 0.4}v${-s}l${s * 0.72} ${s}v${-s}`;
    },
    denominator: (x, y, w, h) => {
      const s = letter(w, h), u = x + w - s * 1.15, v = y + h - s * 0.4;
      return `M${u} ${v}v${-s}h${s * 0.25}a${s * 0.45} ${s / 2} 0 0 1 0 ${s}Z`;
    },
  };
  const letter = (w, h) => Math.min(h < CROWDED ? h * 0.5 : h * 0.22, w * 0.38, 12);
  const CORNERED = new Set(["negative", ITSELF, "unused"]);

  function outline(mask, { left, top, cw, ch, rows, columns }) { // neighbours stand in one frame
    const on = (r, c) => r >= 0 && c >= 0 && r < rows && c < columns && mask[r * columns + c] > 0, paths = [];
    for (let r = 0; r <= rows; r++)
      for (let c = 0; c <= columns; c++) {
        const x = left + c * cw, y = top + r * ch;
        if (on(r, c) !== on(r - 1, c)) paths.push(`M${x} ${y}h${cw}`);
        if (on(r, c) !== on(r, c - 1)) paths.push(`M${x} ${y}v${ch}`);
      }
    return paths.join("");
  }

  function signs(name, mask, layout, beside) {
    if (name === "positive" && layout.ch < CROWDED) return outline(mask, layout);
    const { left, top, cw, ch, columns } = layout, draw = SIGNS[name], paths = [];
    const small = beside && CORNERED.has(name), w = small ? Math.min(ch, cw) * 0.3 : cw, h = small ? w : ch;
    for (let i = 0; i < mask.length; i++)
      if (mask[i]) {
        const x = left + (i % columns) * cw, y = top + Math.floor(i / columns) * ch;
        paths.push(draw(small ? x + cw - w : x, y, w, h));
      }
    return paths.join("");
  }

  return { colour, shape, scale, signs, CORNERED, SIGNS: Object.keys(SIGNS) };
})();
