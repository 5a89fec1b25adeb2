// Where the names of points stand: outside of the circle along the radius, moved apart where they are close; or
// beside a point, on the side where there is room.
const labPointNames = (() => {
  const SIDES = [[1, -0.9], [1, 0.9], [-1, -0.9], [-1, 0.9], [0, -1.5], [0, 1.5], [1.5, 0], [-1.5, 0]];

  // angles that are at least `gap` apart, each as near to its own as can be: neighbours give way to each other
  function apart(angles, gap) {
    const order = angles.map((_, k) => k).sort((a, b) => angles[a] - angles[b]), out = angles.slice();
    const n = order.length;
    for (let round = 0; round < 60; round++) {
      let moved = false;
      for (let k = 0; k < n; k++) {
        const a = order[k], b = order[(k + 1) % n], over = k + 1 === n ? 2 * Math.PI : 0;
        const lack = gap - (out[b] + over - out[a]);
        if (a === b || lack < 1e-3) continue;
        out[a] -= lack / 2;
        out[b] += lack / 2;
        moved = true;
      }
      if (!moved) break;
    }
    return out;
  }

  function around(named, [cx, cy], radius, em, beyond) {
    const angles = named.map(({ x, y }) => Math.atan2(y - cy, x - cx));
    const far = radius + em * 1.35;
    const gap = Math.min((em * 1.7 + beyond) / far, (2 * Math.PI) / Math.max(1, named.length));
    return apart(angles, gap).map((angle, k) => {
      const c = Math.cos(angle), s = Math.sin(angle), shifted = Math.abs(angle - angles[k]) > 0.05;
      const end = radius + em * 0.75, anchor = Math.abs(c) < 0.35 ? "middle" : c > 0 ? "start" : "end";
      const lead = shifted ? `M${named[k].x} ${named[k].y}L${cx + c * end} ${cy + s * end}` : "";
      return { x: cx + c * far, y: cy + s * far, anchor, lead, s };
    });
  }

  function beside(named, others, em) {
    const boxes = others.map(({ x, y, r }) => [x - r, y - r, x + r, y + r]);
    const meets = (a) => boxes.filter((b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]).length;
    return named.map(({ x, y, r, wide }) => {
      const tries = SIDES.map(([right, down]) => {
        const u = x + right * (r + em * 0.15) - (right ? 0 : wide / 2), v = y + down * em * 0.75;
        const from = right > 0 ? u : right < 0 ? u - wide : u;
        const box = [from, v - em * 0.5, from + wide, v + em * 0.5];
        return { x: from, y: v, anchor: "start", lead: "", box };
      });
      const best = tries.reduce((a, b) => (meets(b.box) < meets(a.box) ? b : a));
      boxes.push(best.box);
      return best;
    });
  }
  return { around, beside };
})();
