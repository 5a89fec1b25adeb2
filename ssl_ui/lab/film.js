// A film from the server: every number of a loss at every place of an axis. Only looked up here, never computed.
function labFilm(json) {
  const KINDS = { f4: Float32Array, i4: Int32Array, u1: Uint8Array };
  const stages = new Map(json.stages.map((stage) => [stage.name, stage]));

  // pictures stand in the image of tiles view under view; a copy of a view elsewhere has none of its own
  const first = json.stages[0]?.name;
  for (const p of json.points) p.tile = json.tiles && p.input === first && p.picture >= 0 ? p.view * json.tiles.columns + p.picture : -1;

  function unpacked(packed) {
    if (!packed.numbers) {
      if (packed.values) packed.numbers = packed.values.map((v) => v ?? NaN);
      else {
        const text = atob(packed.bdata), bytes = new Uint8Array(text.length);
        for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k); // from() takes twenty times as long
        packed.numbers = new KINDS[packed.dtype](bytes.buffer);
      }
    }
    return packed.numbers;
  }

  function slice(packed, frame) {
    const numbers = unpacked(packed), size = numbers.length / packed.frames;
    const at = packed.frames === 1 ? 0 : Math.min(frame, packed.frames - 1);
    return numbers.subarray ? numbers.subarray(at * size, (at + 1) * size) : numbers.slice(at * size, (at + 1) * size);
  }

  const at = (name, frame) => slice(stages.get(name).data, frame);
  const mask = (name) => (json.masks[name] ? slice(json.masks[name], 0) : null);
  const length = (input, frame) => (json.lengths[input] ? slice(json.lengths[input], frame) : null);

  // the numbers of a point: a row of the input that it belongs to
  function position(point, frame) {
    const values = at(point.input, frame), d = stages.get(point.input).shape.at(-1);
    return values.subarray(point.row * d, (point.row + 1) * d);
  }

  // where a point wants to go: minus its gradient; null where the embeddings are too long to be sent whole
  function pushes(frame) {
    return json.points.map((point) => {
      const stage = stages.get(`grad_${point.input}`);
      if (!stage) return null;
      const d = stage.shape.at(-1);
      return at(stage.name, frame).subarray(point.row * d, (point.row + 1) * d).map((v) => -v);
    });
  }

  const walk = json.stages.filter((stage) => stage.role !== "story");
  return { ...json, byName: stages, walk, at, mask, length, position, pushes };
}

// How numbers are written: a real minus sign, and words where there is no number.
function labNumber(value, digits) {
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const text = size >= 1e5 || (size > 0 && size < 10 ** -digits / 2) ? value.toExponential(1) : value.toFixed(digits);
  return text.replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−").replace("e+", "e");
}
