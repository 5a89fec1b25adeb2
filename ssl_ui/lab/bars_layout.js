// Where bars stand in the room there is, and how their figures do: lying, upright where bars are slim, or not
// at all. `word(place)` is the figure of a bar.
const labBarsLayout = (() => {
  const WIDEST = 4.6, LONGEST = 7, SMALLEST = 10, SLIM = 11; // em of a bar, em of a name; px of type, of a bar

  function across(spec, { wide, em }) {
    const groups = spec.groups.length, count = spec.names.length, edge = em * 0.3;
    const pitch = (wide - 2 * edge) / count, slot = Math.min((pitch * 0.86) / groups, em * WIDEST);
    const bar = slot * (groups > 1 ? 0.9 : 0.94), centre = (name) => edge + (name + 0.5) * pitch;
    const x = (place) =>
      centre(place % count) + (Math.floor(place / count) - groups / 2) * slot + (slot - bar) / 2;
    return { groups, count, edge, pitch, slot, bar, centre, x };
  }
  function figures(longest, slot, em) {
    const lying = Math.min(em, (slot - 2) / longest), flat = lying >= SMALLEST, shown = flat || slot >= SLIM;
    const type = flat ? lying : Math.max(SMALLEST, Math.min(em * 0.9, slot * 0.95));
    return { flat, shown, type, room: flat ? type * 1.35 : shown ? longest * type + 8 : 4 };
  }
  function foot(spec, pitch, { high, em }, place) {
    const named = Math.max(0, ...spec.names.map((name) => labPen.width(name, place))) * em;
    const turned = named > pitch - 3, most = Math.min(named, LONGEST * em, high * 0.35);
    const every = turned ? Math.max(1, Math.ceil((em * 1.05) / pitch)) : 1; // a name for every so many
    const longestName = turned ? most / em + 0.01 : Infinity; // em
    return { turned, every, longestName, foot: named && (turned ? most + 8 : em * 1.35) };
  }
  function ends({ values, limit }) {
    const finite = Array.from(values).filter(Number.isFinite), least = Math.min(0, ...finite);
    return [least < 0 && limit ? -limit : least, limit ?? Math.max(0, ...finite)];
  }

  function of(spec, size, word, place) {
    const { em, high } = size, level = across(spec, size), below = foot(spec, level.pitch, size, place);
    const longest = Math.max(...Array.from(spec.values, (_, k) => labPen.width(word(k), place)));
    const text = figures(longest, level.slot, em), [least, most] = ends(spec);
    const line = spec.title || level.groups > 1 ? em * 1.5 : 2;
    const signs = spec.marks?.some(Boolean) ? em * 1.1 : 0;
    const top = line + text.room, floor = high - below.foot - signs - 2 - (least < 0 ? text.room : 0);
    const part = (v) => (Math.max(least, Math.min(most, v)) - least) / (most - least || 1);
    const y = (v) => floor - part(v) * (floor - top);
    return { ...size, ...level, ...below, ...text, least, most, line, signs, y };
  }
  return { of };
})();
