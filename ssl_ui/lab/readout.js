// What is under the pointer, in words: the entry and its value, what the pair is to the loss, and its two pictures.
function labReadout(box, { film, frame, stage, row, column, lights, words }) {
  const named = [...lights].map((id) => film.points[id]);
  if (row === null && !named.length) {
    box.replaceChildren(film.anchor.who.some((ids) => ids.length) ? words.point_at : words.point_at_rows);
    return;
  }
  const parts = [];
  if (row !== null) {
    const vector = stage.shape.length < 2, columns = vector ? 1 : stage.shape.at(-1);
    const value = film.at(stage.name, frame)[vector ? row : row * columns + (column ?? 0)];
    const down = stage.axes[0].rows ?? stage.axes[0].names, across = vector ? null : stage.axes.at(-1).names[column ?? 0];
    const said = stage.kind === "number" ? labNumber(value, 4) : String(value);
    parts.push(`${stage.title} (${[down[row], across].filter(Boolean).join(", ")}) = ${said}`);
    const pair = film.byName.get("sim");
    if (pair && pair.letters.join() === stage.letters.join()) {
      const role = ["positive", "negative", ITSELF, "unused"].find((name) => film.mask(name)?.[row * columns + column]);
      if (role) parts.push(`${words.signs[role][0]} ${words.signs[role][1]}`);
    }
  }
  const people = named.map((point) => {
    const who = document.createElement("span");
    who.className = "lab-who";
    if (film.tiles && point.tile >= 0) who.append(labTile(film.tiles, point.tile, 32));
    const label = point.picture < 0 ? "" : film.tiles?.classes[point.picture] ?? (point.label === null ? "" : `${words.label} ${point.label}`);
    who.append(`${point.name} ${label}`);
    return who;
  });
  box.replaceChildren(parts.join(" · "), ...people);
}

// One picture out of the image of all.
function labTile(tiles, k, side) {
  const tile = document.createElement("i");
  tile.className = "lab-tile";
  labPen.tile(tile, tiles, k, side);
  return tile;
}
