// The ground that points of three numbers stand on: the unit sphere as seen from far away, which can be turned.
function labSphere(root) {
  const { svg, set } = labPen, group = svg(root, "g"), round = svg(group, "circle", "lab-round");
  const behind = svg(group, "path", "lab-mesh lab-behind"), before = svg(group, "path", "lab-mesh");
  const START = { yaw: 0.6, tilt: 0.35 }, STEP = Math.PI / 60, FURTHER = 5, TURN = Math.PI / 30, PIECES = 72;
  let camera = { ...START }, right, up, near, scale = 1, middle = [0, 0], spec = null;
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const mix = (a, u, b, v, c, w) => [0, 1, 2].map((k) => a * u[k] + b * v[k] + c * w[k]);

  function look() {
    const s = Math.sin(camera.yaw), c = Math.cos(camera.yaw), t = Math.sin(camera.tilt);
    const u = Math.cos(camera.tilt);
    [right, up, near] = [[-s, c, 0], [-t * c, -t * s, u], [u * c, u * s, t]];
  }
  look();

  const round30 = Array.from({ length: 6 }, (_, k) => (k * Math.PI) / 6);
  const CIRCLES = [ // as functions of the turn: meridians through the poles, and parallels
    ...round30.map((a) => (t) => [Math.cos(a) * Math.cos(t), Math.sin(a) * Math.cos(t), Math.sin(t)]),
    ...[-60, -30, 0, 30, 60].map((d) => (d * Math.PI) / 180).map((b) => (t) =>
      [Math.cos(b) * Math.cos(t), Math.cos(b) * Math.sin(t), Math.sin(b)]),
  ];
  function mesh() {
    const sides = { true: "", false: "" };
    for (const circle of CIRCLES) {
      let last = null;
      for (let k = 0; k <= PIECES; k++) {
        const [x, y, z] = project(circle((2 * Math.PI * k) / PIECES)), front = z >= 0;
        const spot = `${x.toFixed(1)} ${y.toFixed(1)}`;
        if (last) sides[front] += last.front === front ? `L${spot}` : `M${last.spot}L${spot}`;
        else sides[front] += `M${spot}`;
        last = { front, spot };
      }
    }
    set(behind, { d: sides.false });
    set(before, { d: sides.true });
  }

  function place(next, { wide, high }, margin) {
    spec = next;
    const before = `${scale} ${middle}`;
    middle = [wide / 2, high / 2];
    scale = (Math.min(wide, high) / 2 - margin) / (spec.sphere ? 1 : spec.extent);
    set(round, { cx: middle[0], cy: middle[1], r: scale });
    if (before !== `${scale} ${middle}`) mesh();
  }
  function turn(across, down) {
    camera.yaw -= across;
    camera.tilt = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, camera.tilt + down));
    look();
    mesh();
  }
  const project = (p) => [middle[0] + dot(p, right) * scale, middle[1] - dot(p, up) * scale, dot(p, near)];
  const within = (p) => p.map((v) => Math.max(-spec.extent, Math.min(spec.extent, v)));

  // a point goes with the pointer on the side of the sphere where it is, and not beyond the rim
  function follow(px, py, from) {
    const a = (px - middle[0]) / scale, b = (middle[1] - py) / scale, depth = dot(from, near);
    if (!spec.sphere) return within(mix(a, right, b, up, depth, near));
    const far = Math.hypot(a, b), most = Math.max(1, far);
    const towards = Math.sqrt(Math.max(0, 1 - far * far)) * (depth < -1e-6 ? -1 : 1);
    return mix(a / most, right, b / most, up, towards, near);
  }
  function nudge(p, [across, down], further) {
    const way = mix(across, right, -down, up, 0, near), by = further ? FURTHER : 1;
    if (!spec.sphere) return within(p.map((v, k) => v + (way[k] * by * spec.extent) / 40));
    const rest = dot(way, p), along = way.map((v, k) => v - rest * p[k]), far = Math.hypot(...along);
    const [towards, length] = far > 1e-3 ? [along, far] : [near, 1]; // at the rim: over it
    return p.map((v, k) => Math.cos(by * STEP) * v + (Math.sin(by * STEP) * towards[k]) / length);
  }
  return {
    show: (on) => set(group, { display: on ? null : "none" }),
    place, project, follow, nudge,
    tell: (p) => p.map((v) => labPen.figure(v)).join(", "),
    drag: (dx, dy) => turn(dx / scale, dy / scale),
    turn([across, down], further) {
      const by = TURN * (further ? FURTHER : 1);
      turn(across * by, down * by);
    },
    reset() { camera = { ...START }; turn(0, 0); },
    middle: () => middle,
    radius: () => scale,
  };
}
