// The ground that points of two numbers stand on: the unit circle, or a plane with a faint unit circle.
// As `labSphere`: project, follow (a pointer), nudge (by a key), and what is drawn below the points.
function labPlane(root) {
  const { svg, set, say, pool } = labPen, group = svg(root, "g");
  const cross = svg(group, "path", "lab-cross"), round = svg(group, "circle", "lab-round");
  const ticks = pool(() => svg(group, "text", "lab-tick"));
  let scale = 1, middle = [0, 0], spec = null;
  const ONES = [[1, 0], [-1, 0], [0, 1], [0, -1]];
  const TURN = Math.PI / 60, FURTHER = 5; // of an arrow key, and with shift

  function place(next, { wide, high, em }, margin) {
    spec = next;
    const half = Math.min(wide, high) / 2, extent = spec.sphere ? 1 : spec.extent;
    middle = [wide / 2, high / 2];
    scale = (half - (spec.sphere ? margin : em * 1.2)) / extent;
    const [x, y] = middle, far = extent * scale, reach = spec.sphere ? far : Math.max(far, wide / 2 - em);
    set(cross, { d: `M${x - reach} ${y}H${x + reach}M${x} ${y - far}V${y + far}` });
    set(round, { cx: x, cy: y, r: scale, class: `lab-round${spec.sphere ? "" : " lab-only-faint"}` });
    if (spec.sphere) cross.before(round);
    const bare = spec.sphere || scale < 2 * em;
    ticks(bare ? 0 : ONES.length).forEach((one, k) => {
      const [right, up] = ONES[k], [tx, ty] = [x + right * scale + em * 0.6, y - up * scale + em * 0.75];
      set(say(one, right + up > 0 ? "1" : "−1"), { x: tx, y: ty, "font-size": em * 0.85 });
    });
  }
  const within = (v) => Math.max(-spec.extent, Math.min(spec.extent, v));
  function land([x, y]) {
    if (!spec.sphere) return [within(x), within(y)];
    const far = Math.hypot(x, y) || 1;
    return [x / far, y / far];
  }
  return {
    show: (on) => set(group, { display: on ? null : "none" }),
    place,
    project: ([x, y]) => [middle[0] + x * scale, middle[1] - y * scale, 1],
    follow: (px, py) => land([(px - middle[0]) / scale, (middle[1] - py) / scale]),
    nudge([x, y], [right, down], far) {
      const by = far ? FURTHER : 1, step = (by * spec.extent) / 40;
      if (!spec.sphere) return land([x + right * step, y - down * step]);
      const angle = Math.atan2(y, x) - (right + down) * by * TURN;
      return [Math.cos(angle), Math.sin(angle)];
    },
    tell([x, y]) {
      const degrees = (Math.atan2(y, x) * 180) / Math.PI;
      return spec.sphere ? `${labPen.figure(degrees, 0)}°` : `${labPen.figure(x)}, ${labPen.figure(y)}`;
    },
    middle: () => middle,
    radius: () => scale,
  };
}
