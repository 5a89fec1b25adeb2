// Where the parts of a matrix stand in the room there is: cells as square as can be, names and pictures of the
// rows at the left, of the columns on top, and a line above both that says what rows and columns are.
const labMatrixLayout = (() => {
  const WIDER = 2.4; // of a cell: its width to its height
  const WIDE = 4.2, TALLEST = 6.4, NAMED = 1.3; // of a cell, in em
  const NAME_MOST = 8, SMALLEST = 10, FIGURE_MOST = 1.5; // em, px, em
  const CELLS = 324; // more are pixels of a canvas

  const longest = (names, place) => Math.max(0, ...names.map((name) => labPen.width(name, place)));
  const whole = (length) => (length >= 8 ? Math.floor(length) : length);

  function heads(spec, { wide, high, em }, place) {
    const rows = spec.rows.length, columns = spec.columns.length, tiles = spec.tiles;
    const type = Math.max(rows, columns) > 18 ? Math.max(11, em * 0.8) : em;
    const [rowName, columnName] = [spec.rows, spec.columns].map((names) =>
      Math.min(NAME_MOST, longest(names, place)) * type);
    const line = spec.down || spec.across ? em * 1.5 : 0;
    const room = (length, of) => Math.floor(Math.min(em * 2.6, length / of - 2));
    const fits = (side) => (side >= 9 ? side : 0);
    const rowTile = tiles?.rows ? fits(room(high - line - em * 2, rows)) : 0;
    const left = em * 1.1 + rowName + (rowTile && rowTile + 5) + (rowName && 7);
    const columnTile = tiles?.cols ? fits(room(wide - left, columns)) : 0;
    const turned = columnName > (wide - left) / columns - 4;
    const named = columnName && (turned ? columnName : type * 1.15);
    const top = line + named + (columnTile && columnTile + 4) + 6;
    return { type, line, rowName, rowTile, columnTile, turned, left, top };
  }

  function of(spec, size, place) {
    const rows = spec.rows.length, columns = spec.columns.length, head = heads(spec, size, place);
    const across = (size.wide - head.left - 4) / columns, down = (size.high - head.top - 4) / rows;
    const ch = whole(Math.min(down, Math.max(across, NAMED * size.em), TALLEST * size.em));
    const cw = whole(Math.min(across, Math.max(WIDER * ch, WIDE * size.em)));
    const left = Math.round(head.left + Math.max(0, (size.wide - head.left - columns * cw) / 2));
    const every = (length) => Math.max(1, Math.ceil((head.type * 1.1) / length)); // a name for every so many
    return {
      ...head, rows, columns, cw, ch, left, top: Math.round(head.top),
      em: size.em, full: rows * columns <= CELLS,
      rowEvery: every(ch), columnEvery: head.turned ? every(cw) : 1, headLeft: left - head.left,
    };
  }

  // the type of the figures, and whether they go without the 0 before the point; null where none fit
  function figures({ cw, ch, em, full }, texts, place) {
    if (!full) return null;
    const tall = Math.max(ch * 0.44, Math.min(11, ch * 0.75));
    const size = (all) => Math.min(tall, (cw - 5) / Math.max(0.1, longest(all, place)), em * FIGURE_MOST);
    const short = (text) => text.replace(/^(−?)0\./, "$1.");
    if (size(texts) >= SMALLEST) return { type: size(texts), short: (text) => text };
    const type = size(texts.map(short));
    return type >= SMALLEST ? { type, short } : null;
  }

  const hit = ({ left, top, cw, ch, rows, columns }, [x, y]) => {
    const row = Math.floor((y - top) / ch), column = Math.floor((x - left) / cw);
    return { row: row >= 0 && row < rows ? row : -1, column: column >= 0 && column < columns ? column : -1 };
  };
  return { of, figures, hit, NAME_MOST };
})();
