// How points are taken hold of: with the pointer and with keys; and how the sphere is turned.
function labPointHands(box, root, state, on, redraw) {
  const { html, set, say, spot } = labPen, REACH = 18, STILL = 3; // px
  const turns = html(box, "div", "lab-turns");
  const SIGNS = [["←", [-1, 0]], ["→", [1, 0]], ["↑", [0, -1]], ["↓", [0, 1]], ["⟲", null]];
  const buttons = SIGNS.map(([sign, way]) => {
    const one = say(html(turns, "button"), sign);
    one.type = "button";
    one.onclick = () => {
      if (way) state.ground.turn(way, true);
      else state.ground.reset();
      redraw();
    };
    return one;
  });
  let held = null; // {id, from, off, moved}; id is null where the sphere itself is turned

  // points may have come and gone while one is held
  const place = (id) => state.spec.points.findIndex((p) => p.id === id);

  // the nearest point; one that can be moved goes before one that cannot, and one in front before one behind
  function under([px, py]) {
    let best = null, least = REACH;
    state.at.forEach(({ x, y, far }, k) => {
      const off = Math.hypot(x - px, y - py) + (state.spec.points[k].fixed ? 4 : 0) + (far ? 4 : 0);
      if (off <= least) [best, least] = [k, off];
    });
    return best;
  }
  function hover(k) {
    const id = k === null ? null : state.spec.points[k].id;
    root.classList.toggle("lab-over-point", k !== null);
    root.classList.toggle("lab-movable", k !== null && !state.spec.points[k].fixed);
    if (id === state.over) return;
    state.over = id;
    redraw();
    on.hover?.(id);
  }
  function move(k, x, done) {
    state.x[k] = x;
    redraw();
    on.drag?.(state.spec.points[k].id, x.slice(), done);
  }

  root.addEventListener("pointerdown", (event) => {
    if (!state.spec || event.button) return;
    const from = spot(event, root), k = under(from);
    if (k === null && state.spec.d === 2) return;
    const off = k === null ? from : [state.at[k].x - from[0], state.at[k].y - from[1]];
    held = { id: k === null ? null : state.spec.points[k].id, from, off, moved: false };
    root.setPointerCapture(event.pointerId);
    root.classList.add("lab-dragging");
  });
  root.addEventListener("pointermove", (event) => {
    if (!state.spec) return;
    const at = spot(event, root);
    if (!held) return hover(under(at));
    held.moved ||= Math.hypot(at[0] - held.from[0], at[1] - held.from[1]) > STILL;
    if (!held.moved) return;
    const k = place(held.id);
    if (held.id === null) {
      state.ground.drag(at[0] - held.off[0], at[1] - held.off[1]);
      held.off = at;
      redraw();
    } else if (k >= 0 && !state.spec.points[k].fixed) {
      move(k, state.ground.follow(at[0] + held.off[0], at[1] + held.off[1], state.x[k]), false);
    }
  });
  function release() {
    if (!held) return;
    const { id, moved } = held, k = place(id);
    held = null;
    root.classList.remove("lab-dragging");
    if (k < 0) return;
    if (!moved) on.pick?.(id);
    else if (!state.spec.points[k].fixed) on.drag?.(id, state.x[k].slice(), true);
  }
  root.addEventListener("pointerup", release);
  root.addEventListener("pointercancel", release);
  root.addEventListener("pointerleave", () => held || hover(null));

  const focused = () => {
    const id = document.activeElement?.getAttribute("data-id");
    return state.spec?.points.findIndex((p) => String(p.id) === id) ?? -1;
  };
  const keyed = labPen.keys(root, ({ key, shiftKey }) => {
    const way = labPen.WAYS[key], k = focused();
    if (k >= 0 && (key === "Enter" || key === " ")) on.pick?.(state.spec.points[k].id);
    else if (k >= 0 && way) move(k, state.ground.nudge(state.x[k], way, shiftKey), true);
    else if (way && state.spec?.d === 3) {
      state.ground.turn(way, shiftKey);
      redraw();
    } else return false;
    return true;
  });
  root.addEventListener("focusin", () => keyed() && focused() >= 0 && hover(focused()));
  root.addEventListener("focusout", () => hover(null));

  return {
    held: () => (held?.moved ? held.id : null),
    show(turning, words) {
      turns.hidden = !turning;
      buttons.forEach((one, k) => {
        const word = words?.turns?.[k] ?? null;
        set(one, { "aria-label": word, title: word });
      });
    },
  };
}
